// What lapses when: each last day in words with its amount, and a bar as long as its share.
import { el, svg } from "../dom.js";
import { dateText, daysUntil } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { pointsElement, pointsText } from "../point_words.js";

const SHOWN_AT_FIRST = 4;
const SOON_DAYS = 30;

/** `expiring`: [{amount, expires_on}], the soonest first. */
export function expiryPart(expiring) {
  const most = Math.max(...expiring.map(({ amount }) => amount));
  const lines = (items) => el("ul", { class: "lines expiry", role: "list" }, items.map((item) => line(item, most)));
  const later = expiring.slice(SHOWN_AT_FIRST);
  return el("section", { class: "card" }, el("h2", {}, t("points_by_expiry")), lines(expiring.slice(0, SHOWN_AT_FIRST)),
    later.length > 0 && el("details", {}, el("summary", {}, t("expiry_later", { points: pointsText(sum(later)), n: later.length })), lines(later)));
}

function line({ amount, expires_on }, most) {
  const days = daysUntil(expires_on);
  const isSoon = days <= SOON_DAYS;
  return el("li", {},
    el("span", { class: "line-words" }, el("span", {}, t("expiry_last_day", { date: dateText(expires_on) })),
      el("span", { class: isSoon ? "mark warn" : "hint" }, isSoon && icon("clock"), days === 0 ? t("expiry_today") : t("expiry_in_days", { n: days }))),
    pointsElement(amount, { className: "strong" }),
    svg("svg", { class: isSoon ? "expiry-bar soon" : "expiry-bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
      svg("rect", { class: "bar-ground", width: 100, height: 4 }), svg("rect", { class: "bar-share", width: Math.max(1, (100 * amount) / most), height: 4 })));
}

function sum(items) {
  return items.reduce((total, { amount }) => total + amount, 0);
}
