// What my shop took in points, by day and line by line, and what the city has paid for it.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { clockText, dateText, money, number } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, facts, field, growingList, mark } from "../parts.js";
import { pointsText } from "../point_words.js";
import { shopHeading, shopOf } from "./owner_shop.js";

const DAY_MS = 86_400_000;
const TONES = { carried: "", waiting: "warn", ordered: "info", paid: "good", stopped: "bad" };

export async function ownMoney({ path, signal }) {
  const shop = await shopOf(path, signal);
  const load = (cursor) => call("GET", `/v1/merchants/${shop.id}/settlements?limit=10${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("own_door_money");
  return {
    title,
    content: [...shopHeading(shop, title), el("h2", { class: "section-title" }, t("own_settlements")), el("p", { class: "hint" }, t("own_settlements_how")),
      first.items.length === 0 ? empty("coins", t("own_no_settlements")) : growingList(first, load, (each) => settlementRow(shop, each)),
      el("h2", { class: "section-title" }, t("own_statement")), statement(shop, signal)],
  };
}

function settlementRow(shop, each) {
  const place = el("div");
  const load = async () => {
    if (place.childElementCount > 0) return;
    const whole = await call("GET", `/v1/merchants/${shop.id}/settlements/${each.id}`);
    fill(place, facts([
      [t("own_taken_in"), t("own_times", { n: number(whole.redemptions), points: pointsText(whole.redeemed_points) })],
      [t("own_given_back"), t("own_times", { n: number(whole.refunds), points: pointsText(whole.refunded_points) })],
      whole.carried !== 0 && [t("own_carried"), money(whole.carried)], whole.carried_on !== 0 && [t("own_carried_on"), money(whole.carried_on)],
      whole.account && [t("own_account"), el("span", { class: "mono" }, whole.account)], whole.reason && [t("own_why"), el("span", { class: "mono" }, whole.reason)],
      whole.paid_on && [t("own_paid_on"), dateText(whole.paid_on)],
      ...whole.payments.filter(({ bank_reference: reference }) => reference).map(({ bank_reference: reference }) => [t("own_bank_reference"), el("span", { class: "mono" }, reference)]),
    ]));
  };
  return el("li", { class: "card" }, el("details", { on: { toggle: (event) => { if (event.target.open) load().catch((failure) => console.warn(failure)); } } },
    el("summary", {}, t("own_from_to", { from: dateText(each.first_day), to: dateText(each.last_day) }), " ", money(each.amount), " ", mark(TONES[each.status], each.status_name)), place));
}

function statement(shop, signal) {
  const day = (before) => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(Date.now() - before * DAY_MS));
  const from = field(t("own_from"), { type: "date", value: day(30) });
  const to = field(t("own_to"), { type: "date", value: day(0) });
  const place = el("div", { "aria-live": "polite" });
  const show = button(t("own_show"), null, { type: "submit", kind: "primary wide" });
  const address = (more) => `/v1/merchants/${shop.id}/statements?${new URLSearchParams({ from: from.input.value, to: to.input.value })}${more}`;
  const submit = (event) => {
    event.preventDefault();
    busy(show, place, async () => {
      const found = await call("GET", address("&limit=50"), { signal });
      const load = (cursor) => call("GET", address(`&limit=50&cursor=${encodeURIComponent(cursor)}`), { signal });
      fill(place, facts([[t("own_taken_in"), pointsText(found.redeemed)], [t("own_given_back"), pointsText(found.given_back)], [t("own_net"), el("strong", {}, money(found.net))]]),
        el("div", { class: "actions" }, buttonLink(t("own_csv"), address("&format=csv"), { download: true })),
        found.items.length === 0 ? el("p", { class: "hint" }, t("own_no_lines")) : growingList(found, load, lineRow));
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit } }, from.block, to.block, show, place);
}

function lineRow(each) {
  return el("li", { class: "row plain" }, el("span", { class: "row-words" },
    el("span", {}, dateText(each.day), " ", clockText(each.at), " ", t(`own_line_${each.kind}`)),
    el("span", { class: "hint" }, [each.branch, each.till, each.staff, each.offer].filter(Boolean).join(" · "))), el("strong", {}, pointsText(each.points)));
}
