// City points: how many, what can be done with them, what lapses when, and how they came and went.
import { acting } from "../acting.js";
import { call } from "../api.js";
import { el } from "../dom.js";
import { number } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, empty, heading, notice } from "../parts.js";
import { pointsSpoken, pointsText } from "../point_words.js";
import { expiryPart } from "./points_expiry.js";
import { historyPart } from "./points_history.js";

const DOORS = [
  ["/app/points/pay", "qr", "door_pay"],
  ["/app/points/shops", "pin", "door_shops"],
  ["/app/points/exchange", "repeat", "door_exchange"],
  ["/app/points/earn", "gift", "door_earn"],
];

export async function points({ signal }) {
  const load = (cursor) => call("GET", `/v1/points/entries?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [account, first] = await Promise.all([call("GET", "/v1/points", { signal }), load()]);
  const title = t("points_title");
  return {
    title,
    content: [heading(title), balance(account),
      account.owed > 0 && notice("info", t("points_owed_title", { points: pointsText(account.owed) }), el("p", {}, t("points_owed_why"))),
      !acting() && el("nav", { class: "doors", "aria-label": t("doors_label") }, DOORS.map(([href, iconName, key]) =>
        el("a", { class: "door", href }, icon(iconName, "large-icon"), el("span", {}, t(key))))),
      account.expiring.length > 0 && expiryPart(account.expiring),
      el("h2", { class: "section-title" }, t("points_history")),
      first.items.length === 0 ? nothingYet() : historyPart(first, load)],
  };
}

function balance(account) {
  return el("section", { class: "coin" }, icon("points"), el("p", { class: "coin-words" }, t("points_balance")),
    el("p", { class: "figure" }, el("span", { "aria-hidden": "true" }, number(account.balance), " ", el("span", { class: "unit" }, t("points_unit", { n: account.balance }))),
      el("span", { class: "unseen" }, pointsSpoken(account.balance))),
    el("p", { class: "coin-worth" }, t("points_are_worth")));
}

function nothingYet() {
  return empty("points", t("no_points_title"), t("no_points_detail"), buttonLink(t("earning_title"), "/app/points/earn", { kind: "primary" }));
}
