// My subscriptions: what was offered, what I take and how each ends, what has ended and why.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { dateText, dayOf } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, growingList, heading, mark } from "../parts.js";
import { notifyTabs } from "../notify_tabs.js";
import { liveSubscriptions, nameOf, renew, stop, takeBack } from "../subscribing.js";
import { toast } from "../toast.js";
import { endEditor } from "./end_choice.js";
import { offersPart } from "./offers.js";
import { questionPart } from "./still_useful.js";

export async function subscriptions({ signal }) {
  const loadEnded = (cursor) => call("GET", `/v1/subscriptions?status=ended&limit=10${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [offers, live, ended] = await Promise.all([call("GET", "/v1/subscription-offers", { signal }), liveSubscriptions(signal), loadEnded()]);
  const title = t("subscriptions_title");
  const list = el("ul", { class: "list", role: "list" }, live.map((item) => el("li", { class: "card subscription" })));
  const none = el("div");
  const noteEmpty = () => fill(none, list.children.length === 0 && empty("bell", t("no_subscriptions_title"), t("no_subscriptions_detail"),
    buttonLink(t("see_topics"), "/app/topics", { kind: "primary" })));
  [...list.children].forEach((place, at) => drawLive(place, live[at]));
  noteEmpty();
  const add = (subscription) => {
    const place = el("li", { class: "card subscription" });
    list.prepend(place);
    drawLive(place, subscription);
    noteEmpty();
    return place;
  };
  return {
    title,
    content: [heading(title), notifyTabs("/app/subscriptions"), offersPart(offers.items, add), none, list,
      ended.items.length > 0 && el("section", {}, el("h2", { class: "section-title" }, t("ended_title")), growingList(ended, loadEnded, (item) => endedRow(item, add)))],
  };
}

/** One that is live: its end, a question where there is one, and Stop. */
export function drawLive(place, item) {
  const problem = el("div");
  const name = nameOf(item);
  const again = (current) => { drawLive(place, current); place.querySelector(".subscription-name").focus(); };
  const end = button(t("stop"), () => busy(end, problem, async () => {
    await stop(item.id);
    drawStopped(place, item);
  }), { kind: "small quiet", iconName: "stop", "aria-label": t("stop_of", { name }) });
  fill(place,
    el("div", { class: "subscription-head" }, el("h3", {}, el("a", { class: "subscription-name", href: `/app/subscriptions/${item.id}` }, name)), el("p", { class: "hint" }, item.bureau_name)),
    item.question && questionPart(item, { kept: again, stopped: () => drawStopped(place, item) }),
    endEditor(item, (moved) => { drawLive(place, moved); place.querySelector("summary").focus(); }),
    el("p", { class: "hint" }, sentText(item)), problem,
    el("div", { class: "actions" }, buttonLink(t("subscription_details"), `/app/subscriptions/${item.id}`, { kind: "small quiet", "aria-label": t("subscription_details_of", { name }) }), end));
}

/** How often it rang, and when last. */
export function sentText(item) {
  if (!item.sends) return t("sent_none", { date: dateText(dayOf(item.began_at)) });
  return t("sent_count", { n: item.sends, date: dateText(dayOf(item.last_sent_at)) });
}

function drawStopped(place, item) {
  const name = nameOf(item);
  fill(place, el("div", { class: "subscription-head" }, el("h3", {}, name), mark("", t("stopped_now"), "stop")));
  toast(t("topic_stopped", { name }), { after: place.firstElementChild, focus: true, undo: async () => {
    drawLive(place, await takeBack(item));
    place.querySelector(".subscription-name").focus();
  } });
}

function endedRow(item, add) {
  const problem = el("div");
  const row = el("li", { class: "row plain ended" });
  const name = nameOf(item);
  const again = item.can_renew && button(t("renew"), () => busy(again, problem, async () => {
    const place = add(await renew(item.id));
    row.remove();
    toast(t("renewed", { name }), { after: place.firstElementChild });
    place.querySelector(".subscription-name").focus();
  }), { kind: "small", iconName: "repeat", "aria-label": t("renew_of", { name }) });
  return fill(row, el("span", { class: "row-words" }, el("a", { class: "row-title", href: `/app/subscriptions/${item.id}` }, name),
    el("span", { class: "ended-because" }, t("ended_because", { why: item.ended_because })),
    el("span", { class: "hint" }, `${item.bureau_name} · ${dateText(dayOf(item.ended_at))}`), problem), again);
}
