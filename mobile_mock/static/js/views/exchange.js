// Exchanging points: with whom and on which terms, and what became of earlier exchanges.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentElement, number } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { empty, growingList, heading, mark } from "../parts.js";
import { pointsElement, pointsText } from "../point_words.js";

const TONES = { done: ["good", "check"], undone: ["info", "undo"], held: ["warn", "wait"], unknown: ["warn", "wait"], cancelling: ["warn", "undo"] };

export async function exchange({ signal }) {
  const load = (cursor) => call("GET", `/v1/points/exchanges?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [partners, first] = await Promise.all([call("GET", "/v1/points/partners", { signal }), load()]);
  const title = t("exchange_title");
  return {
    title,
    content: [heading(title, { back: "/app/points", backText: t("points_title") }), el("p", {}, t("exchange_intro")),
      partners.items.length === 0 ? empty("repeat", t("no_partners_title"), t("no_partners_detail"))
        : el("ul", { class: "list", role: "list" }, partners.items.map(partnerRow)),
      el("h2", { class: "section-title" }, t("exchanges_title")),
      first.items.length === 0 ? el("p", { class: "hint" }, t("no_exchanges")) : growingList(first, load, exchangeRow)],
  };
}

/** What so many points are worth, and the fee, in words. */
export function rateWords(rate, unit) {
  const words = t(`rate_${rate.direction}`, { points: pointsText(rate.points_step), value: number(rate.value_step), unit });
  return `${words}${t("clause_comma")}${rate.fee_points ? t("rate_fee", { points: pointsText(rate.fee_points) }) : t("rate_no_fee")}`;
}

/** Where an exchange stands, in words with an icon. */
export function exchangeMark(item) {
  const [tone, iconName] = TONES[item.status] || ["info", "wait"];
  return mark(tone, item.status_words, iconName);
}

function partnerRow(partner) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/points/exchange/${partner.code}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, partner.name), partner.rates.map((rate) => el("span", {}, rateWords(rate, partner.unit))),
      el("span", { class: "hint" }, partner.arrives)), icon("forward")));
}

function exchangeRow(item) {
  const isOut = item.direction === "out";
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/points/exchanges/${item.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, t(isOut ? "exchange_out_of" : "exchange_in_of", { partner: item.partner_name, value: number(item.value), unit: item.unit })),
      exchangeMark(item), el("span", { class: "hint" }, momentElement(item.created_at))),
    pointsElement(isOut ? -item.points : item.points, { isChange: true, className: "strong" }), icon("forward")));
}
