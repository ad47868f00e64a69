// City points: how many, which lapse when, and where they came from.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dateText, momentElement, number } from "../format.js";
import { icon } from "../icons.js";
import { hasText, t } from "../language.js";
import { empty, growingList, heading, notice } from "../parts.js";

export async function points({ signal }) {
  const load = (cursor) => call("GET", `/v1/points/entries?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [account, first] = await Promise.all([call("GET", "/v1/points", { signal }), load()]);
  const title = t("points_title");
  return {
    title,
    content: [heading(title),
      el("section", { class: "coin" }, icon("points"), el("p", { class: "coin-words" }, t("points_balance")),
        el("p", { class: "figure" }, number(account.balance), " ", el("span", { class: "unit" }, t("points_unit", { n: account.balance })))),
      account.owed > 0 && notice("info", t("points_owed", { n: number(account.owed) })),
      account.expiring.length > 0 && el("section", { class: "card" }, el("h2", {}, t("points_by_expiry")),
        el("ul", { class: "lines", role: "list" }, account.expiring.map((lot) => el("li", {},
          el("span", { class: "line-words" }, t("points_until", { date: dateText(lot.expires_on) })), el("strong", {}, t("points_amount", { n: number(lot.amount) })))))),
      el("h2", { class: "section-title" }, t("points_history")),
      first.items.length === 0 && empty("points", t("no_points_title"), t("no_points_detail")),
      growingList(first, load, draw)],
  };
}

function draw(entry) {
  const sign = entry.amount > 0 ? "+" : "−";
  return el("li", { class: "row plain" },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, hasText(`points_kind_${entry.kind}`) ? t(`points_kind_${entry.kind}`) : entry.reason), el("span", {}, entry.reason), el("span", { class: "hint" }, momentElement(entry.at)),
      entry.payment_id && el("a", { class: "link", href: `/app/payments/${entry.payment_id}` }, t("see_payment"))),
    el("strong", { class: entry.amount > 0 ? "plus" : "" }, t("points_amount", { n: `${sign}${number(Math.abs(entry.amount))}` })));
}
