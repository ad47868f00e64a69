// One subscription: how it began, how it will end or why it did, another last day, and all that happened to it.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, facts, heading, notice } from "../parts.js";
import { go } from "../router.js";
import { nameOf, renew, stop, takeBack } from "../subscribing.js";
import { toast } from "../toast.js";
import { endEditor } from "./end_choice.js";
import { questionPart } from "./still_useful.js";
import { sentText } from "./subscriptions.js";
import { timeline } from "./timeline.js";

export async function subscription({ path, signal }) {
  const item = await call("GET", `/v1/subscriptions/${encodeURIComponent(path.id)}`, { signal });
  const place = el("div");
  draw(place, item, signal);
  return { title: nameOf(item), content: [heading(nameOf(item), { back: "/app/subscriptions", backText: t("tab_subscriptions") }), place] };
}

function draw(place, item, signal) {
  const isLive = item.status === "live";
  const drawn = (current) => { draw(place, current, signal); place.querySelector("button")?.focus(); };
  const ended = async () => drawn(await call("GET", `/v1/subscriptions/${encodeURIComponent(item.id)}`, { signal }));
  fill(place,
    el("section", { class: "card" },
      isLive && item.question && questionPart(item, { kept: drawn, stopped: ended }),
      !isLive && notice("info", t("ended_word"), el("p", {}, t("ended_because", { why: item.ended_because }))),
      facts([[t("topic_bureau"), item.bureau_name],
        [t("subscription_began"), [item.began_how, " · ", momentText(item.began_at)]],
        !isLive && [t("subscription_ended"), momentText(item.ended_at)],
        [t("subscription_sent"), sentText(item)]]),
      isLive && endEditor(item, drawn),
      isLive ? stopPart(item, drawn) : item.can_renew && renewPart(item)),
    timeline(`/v1/subscriptions/${encodeURIComponent(item.id)}/history`, signal, t("subscription_history")),
    el("p", {}, buttonLink(t("see_topic"), `/app/topics/${encodeURIComponent(item.topic)}`, { kind: "quiet" })));
}

function stopPart(item, drawn) {
  const problem = el("div");
  const end = button(t("stop"), () => busy(end, problem, async () => {
    await stop(item.id);
    const current = await call("GET", `/v1/subscriptions/${encodeURIComponent(item.id)}`);
    drawn(current);
    toast(t("topic_stopped", { name: nameOf(item) }), { after: document.querySelector("main .card"), focus: true, undo: async () => { await goTo(await takeBack(item)); } });
  }), { iconName: "stop" });
  return el("div", { class: "actions" }, problem, end);
}

/** What is taken again is a subscription of its own, with the old one's history behind it. */
async function goTo(current) {
  await go(`/app/subscriptions/${current.id}`, { replace: true });
}

function renewPart(item) {
  const problem = el("div");
  const again = button(t("renew"), () => busy(again, problem, async () => {
    await goTo(await renew(item.id));
    announce(t("renewed", { name: nameOf(item) }));
  }), { kind: "primary", iconName: "repeat" });
  return el("div", { class: "actions" }, problem, again);
}
