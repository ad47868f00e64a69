// Every payment, newest first.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dateText, momentElement, money } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, empty, growingList, heading, mark } from "../parts.js";
import { railName } from "../rails.js";

const MARKS = {
  awaiting_authorization: ["warn", "finger"], debiting: ["info", "wait"], unknown: ["info", "wait"], action_required: ["warn", "phone"],
  captured: ["good", "check"], provisional: ["good", "check"], failed: ["bad", "overdue"], cancelled: ["calm", "cross"],
  expired: ["calm", "clock"], refunded: ["info", "undo"], returned: ["bad", "undo"], charged_back: ["bad", "undo"],
};

export async function history({ signal }) {
  const load = (cursor) => call("GET", `/v1/payments?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("history_title");
  return {
    title,
    content: [heading(title),
      first.items.length === 0 ? empty("history", t("no_payments_title"), t("no_payments_detail"), buttonLink(t("to_bills"), "/app", { kind: "primary" }))
        : el("p", {}, el("a", { class: "link", href: "/app/me/receipts" }, t("receipts_title"))),
      growingList(first, load, draw)],
  };
}

function draw(item) {
  const [tone, iconName] = MARKS[item.status];
  const until = item.status === "provisional" ? `（${t("provisional_until_short", { date: dateText(item.final_on) })}）` : "";
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/payments/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, t("payment_of", { n: item.bills.length })),
      el("span", { class: "hint" }, momentElement(item.created_at), " · ", railName(item.rail)),
      mark(tone, t(`status_${item.status}`) + until, iconName)),
    money(item.total, "strong"), icon("forward")));
}
