// Why am I getting this? A chain: what I agreed to, which rule matched me, who wrote and who approved it, what the daily cap
// did, and how to stop it.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { problemPanel } from "../parts.js";

/** Closed until it is wanted; asked for when it is opened first. `address`: the message's own in the API. */
export function whyPart(address, signal) {
  const place = el("div", { class: "why-words" });
  const block = el("details", { class: "why", on: { toggle: () => { if (block.open && !place.hasChildNodes()) explain(); } } },
    el("summary", {}, icon("info"), t("why_title")), place);
  const explain = async () => {
    try {
      fill(place, chain(await call("GET", `${address}/why`, { signal })));
    } catch (failure) {
      if (failure.name !== "AbortError") fill(place, problemPanel(failure, { retry: explain }));
    }
  };
  return block;
}

function chain(why) {
  const links = [why.subscription && subscriptionLink(why.subscription), why.rule && link("people", t("why_rule"), why.rule),
    why.sender && senderLink(why.sender), why.cap && link("sliders", t("why_cap"), why.cap.text), why.stop && stopLink(why.stop)].filter(Boolean);
  return [why.explanation && el("p", { class: links.length > 0 ? "lead" : "" }, why.explanation), links.length > 0 && el("ol", { class: "chain" }, links)];
}

function link(iconName, title, ...lines) {
  return el("li", {}, el("span", { class: "chain-icon" }, icon(iconName)), el("div", { class: "chain-words" }, el("h3", {}, title), lines.filter(Boolean).map((line) => el("p", {}, line))));
}

/** The way out: what a person subscribed to is stopped below the message, the rest in the settings. */
function stopLink(stop) {
  return link("stop", t("why_stop"), stop.text, stop.href === "/v1/notification-preferences" && el("a", { class: "link", href: "/app/notifications" }, t("notifications_title")));
}

function subscriptionLink(subscription) {
  return link("check", t("why_subscription"),
    el("a", { class: "link", href: `/app/subscriptions/${subscription.id}` }, subscription.topic_name),
    t("why_began", { when: momentText(subscription.began_at), how: subscription.began_how }), subscription.ends);
}

function senderLink(sender) {
  return link("bank", t("why_sender"), sender.bureau_name, sender.written_by && t("why_written", { who: sender.written_by }), sender.approved_by && t("why_approved", { who: sender.approved_by }));
}
