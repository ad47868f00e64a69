// What was offered because of something in the person's life: taken or turned down with one press.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dateText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";
import { toast } from "../toast.js";

/** `taken(subscription)` draws what an accepted offer has become, and answers that element. */
export function offersPart(items, taken) {
  if (items.length === 0) return null;
  return el("section", { class: "offers" }, el("h2", { class: "unseen" }, t("offers_title")), items.map((item) => offer(item, taken)));
}

function offer(item, taken) {
  const problem = el("div");
  const block = el("div", { class: "card offer" });
  const address = `/v1/subscription-offers/${encodeURIComponent(item.id)}`;
  const name = item.topic_name;
  const yes = button(t("offer_yes"), () => busy(yes, problem, async () => {
    const subscription = await call("POST", `${address}/acceptance`, { body: {} });
    const place = taken(subscription);
    block.remove();
    toast(t("topic_taken", { name }), { after: place.firstElementChild });
    place.querySelector(".subscription-name").focus();
  }), { kind: "primary", iconName: "check", "aria-label": t("offer_yes_of", { name }) });
  const no = button(t("offer_no"), () => busy(no, problem, async () => {
    await call("DELETE", address);
    announce(t("offer_declined", { name }));
    const said = el("p", { tabindex: "-1" }, t("offer_declined", { name }));
    fill(block, said);
    said.focus();
  }), { kind: "quiet", "aria-label": t("offer_no_of", { name }) });
  return fill(block, el("div", { class: "offer-icon" }, icon("gift")), el("div", { class: "offer-words" },
    el("h3", {}, name), el("p", {}, item.because), el("p", {}, item.purpose), el("p", { class: "topic-ends" }, icon("wait"), el("span", {}, t("ends_line", { how: t("ends_on", { date: dateText(item.ends_on) }) }))), problem,
    el("div", { class: "actions" }, yes, no)));
}
