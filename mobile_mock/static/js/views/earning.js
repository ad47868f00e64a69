// How to earn points: each campaign in words, what of it is still to be had, and until when.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dateText, dayOf } from "../format.js";
import { t } from "../language.js";
import { empty, heading, mark } from "../parts.js";
import { pointsText } from "../point_words.js";

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

export async function earning({ signal }) {
  const { items } = await call("GET", "/v1/points/campaigns", { signal });
  const title = t("earning_title");
  return {
    title,
    content: [heading(title, { back: "/app/points", backText: t("points_title") }), el("p", {}, t("earning_intro")),
      items.length === 0 ? empty("gift", t("no_campaigns_title"), t("no_campaigns_detail")) : items.map(campaign)],
  };
}

function campaign(item) {
  const id = `campaign-${item.id}`;
  return el("section", { class: "card campaign", "aria-labelledby": id }, el("h2", { id }, item.name), el("p", { class: "hint" }, item.bureau),
    el("ul", { class: "how-to" }, item.how.map((line) => el("li", {}, line))),
    item.days_done.length > 0 && weekdays(item.days_done),
    el("p", { class: "marks" }, standing(item)),
    el("p", { class: "hint" }, t("expiry_last_day", { date: dateText(lastDay(item.valid_until)) })));
}

/** The day on which the last moment before `end` lies: what ends at midnight ends the day before. */
function lastDay(end) {
  return dayOf(Date.parse(end) - 1);
}

/** What is left of it for this person, in words with an icon. */
function standing(item) {
  if (!item.is_budget_left) return mark("warn", t("campaign_used_up"), "stop");
  if (item.times_left === 0 || item.left_in_all === 0) return mark("good", t("campaign_all_had"), "check");
  const left = [
    item.left_today === 0 ? mark("good", t("campaign_today_had"), "check") : item.left_today !== null && mark("info", t("campaign_left_today", { points: pointsText(item.left_today) }), "coins"),
    item.left_in_all !== null && mark("info", t("campaign_left_in_all", { points: pointsText(item.left_in_all) }), "coins"),
    item.times_left !== null && mark("info", t("campaign_times_left", { n: item.times_left }), "repeat"),
  ].filter(Boolean);
  return left.length ? left : mark("info", t("campaign_no_cap"), "check");
}

/** Which days of this week are done already. */
function weekdays(done) {
  const words = t("campaign_days_done", { days: done.map((day) => t(`weekday_${day}`)).join(t("list_comma")) });
  return el("div", {}, el("p", {}, words), el("p", { class: "weekdays", "aria-hidden": "true" },
    WEEKDAYS.map((day) => el("span", { class: done.includes(day) ? "weekday done" : "weekday" }, t(`weekday_short_${day}`)))));
}
