// One message: its words, where it leads, why it came, and how to hear no more of that kind.
import { call, Refusal } from "../api.js";
import { el, fill } from "../dom.js";
import { momentElement, momentText } from "../format.js";
import { lookForMessages } from "../inbox_watch.js";
import { t } from "../language.js";
import { busy, button, buttonLink, heading, notice } from "../parts.js";
import { stop, takeBack } from "../subscribing.js";
import { toast } from "../toast.js";
import { complaintPart } from "./complaint.js";
import { digestItems } from "./digest.js";
import { alertBand, cameFrom, markRead } from "./message_parts.js";
import { whyPart } from "./why.js";

// What came because somebody asked for it; all else is about their own affairs or their safety.
const ASKED_FOR = ["subscription", "question"];

export async function message({ path, signal }) {
  const address = `/v1/inbox/${encodeURIComponent(path.id)}`;
  const item = await call("GET", address, { signal });
  const subscription = item.subscription_id ? await subscriptionOf(item, signal) : null;
  if (!item.read_at) markRead(item.id).then(lookForMessages).catch(() => {});
  return {
    title: item.title,
    content: [heading(item.title, { back: "/app/inbox", backText: t("inbox_title") }),
      el("section", { class: `card letter ${item.alert ? "alert" : ""}` }, item.alert && alertBand(item.alert, item.recalled_at),
        el("p", { class: "message-from" }, el("span", {}, cameFrom(item)), momentElement(item.created_at)),
        words(item)),
      whyPart(address, signal),
      ASKED_FOR.includes(item.basis) && item.subscription_id && enough(item, subscription, address)],
  };
}

/** What it says and where it leads; of what was withdrawn or is settled, that it is, and nothing more to do. */
function words(item) {
  if (item.recalled_at && !item.alert) return notice("bad", item.body, el("p", {}, t("withdrawn_detail")));
  if (item.settled_at) return notice("good", t("settled"), el("p", {}, item.body), el("p", { class: "hint" }, t("settled_since", { when: momentText(item.settled_at) })));
  if (item.kind === "digest") return digestItems(item);
  return [item.body.split("\n").map((line) => el("p", {}, line)), item.link && opener(item.link)];
}

/** The subscription as it is now; null where it cannot be asked for: the message is there all the same. */
async function subscriptionOf(item, signal) {
  try {
    return await call("GET", `/v1/subscriptions/${encodeURIComponent(item.subscription_id)}`, { signal });
  } catch (failure) {
    if (failure instanceof Refusal) return null;
    throw failure;
  }
}

/** No more of this: stop the topic, or say that the message was not wanted. */
function enough(item, subscription, address) {
  const place = el("div", { class: "actions" });
  const problem = el("div");
  const name = item.topic_name;
  const draw = (current) => {
    const end = button(t("stop_topic", { name }), () => busy(end, problem, async () => {
      await stop(current.id);
      draw(null);
      toast(t("topic_stopped", { name }), { after: place, focus: true, undo: async () => { draw(await takeBack(current)); place.querySelector("button").focus(); } });
    }), { iconName: "stop" });
    fill(place, current?.status === "live" ? end : el("p", { class: "hint" }, t("topic_not_taken", { name })), complaintPart(item, address));
  };
  draw(subscription);
  return el("section", { class: "enough" }, el("h2", { class: "section-title" }, t("enough_title")), place, problem);
}

/** A link inside the phone opens here; any other is shown in full, so that nobody is sent somewhere unseen. */
function opener(link) {
  const target = new URL(link, window.location.origin);
  if (target.origin === window.location.origin) return buttonLink(t("open_link"), target.pathname + target.search, { kind: "primary" });
  if (target.protocol !== "https:") return null;
  return el("p", {}, el("a", { class: "link", href: target.href, target: "_blank", rel: "noopener noreferrer" }, target.href));
}
