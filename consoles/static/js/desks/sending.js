// The city's view: which bureau sends how much, week by week, and after whose messages people leave.
import { call } from "../api.js";
import { bars, columns } from "../charts.js";
import { el } from "../dom.js";
import { dayText, t } from "../language.js";
import { card, filterLinks, heading, moment, notice, table } from "../parts.js";
import { perOf } from "../results.js";

const WEEKS = ["4", "8", "26"];

export const desk = { path: "/desk/sending", name: "sending", roles: ["publisher", "auditor", "duty_officer", "registrar", "operator"], screens: { "/desk/sending": city } };

async function city({ query, signal }) {
  const weeks = WEEKS.includes(query.get("weeks")) ? query.get("weeks") : "8";
  const { items, channels } = await call("GET", `/v1/bureau/sending?weeks=${weeks}`, { signal });
  const head = [heading(t("sending_title"), { intro: t("sending_intro") }),
    filterLinks(WEEKS.map((each) => [`/desk/sending?weeks=${each}`, t("weeks_n", { n: each }), each === weeks]))];
  if (!items.length) return { title: t("sending_title"), content: [head, el("p", { class: "empty" }, t("sending_none")), gates(channels)] };
  return { title: t("sending_title"), content: [head, howMuch(items, weeksUpTo(Number(weeks))), whoLeaves(items), gates(channels), whole(items)] };
}

/** By which channels messages leave now; a provider that is unwell closes its own. */
function gates(channels) {
  const state = ({ is_open: isOpen, closed_until: until, alerts_pass: alertsPass }) =>
    isOpen ? t("channel_open") : [t("channel_closed"), " ", moment(until), alertsPass && el("span", { class: "hint" }, ` ${t("channel_alerts_pass")}`)];
  return card(t("channels_now_title"), el("p", { class: "hint" }, t("channels_now_hint")), table(t("channels_now_title"), [
    { name: t("channel_label"), of: (row) => row.name }, { name: t("channel_state"), of: state },
  ], channels));
}

/** The Mondays of so many weeks up to this one, as the API names them. */
function weeksUpTo(n) {
  const today = new Date(Date.now() + 8 * 3600e3);
  const monday = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - ((today.getUTCDay() + 6) % 7));
  return Array.from({ length: n }, (nothing, back) => new Date(monday - (n - 1 - back) * 7 * 86400e3).toISOString().slice(0, 10));
}

/** The bureaus beside each other on one scale, the one that sends most first. */
function howMuch(items, weeks) {
  const bureaus = grouped(items, "bureau").map(([, rows]) => ({
    name: rows[0].bureau_name,
    sent: sum(rows, "sent"),
    byWeek: weeks.map((week) => ({ week, value: sum(rows.filter((row) => row.week === week), "sent") })),
  })).sort((one, other) => other.sent - one.sent);
  const most = Math.max(...bureaus.flatMap(({ byWeek }) => byWeek.map(({ value }) => value)), 1);
  return card(t("sending_how_much"), el("p", { class: "hint" }, t("sending_scale")), el("div", { class: "small-charts" }, bureaus.map(({ name, sent, byWeek }) => el("section", {},
    el("div", { class: "chart-line" }, el("h3", {}, name), el("span", { class: "figure" }, t("sent_n", { n: figure(sent) }))),
    columns(t("sending_says", { name, parts: byWeek.map(({ week, value }) => `${dayText(week)} ${figure(value)}`).join(t("and")) }),
      byWeek.map(({ week, value }) => ({ name: shortDay(week), value, figure: figure(value) })), { most })))));
}

/** Of each topic: how many of a thousand messages made somebody unsubscribe or complain. */
function whoLeaves(items) {
  const topics = grouped(items, "topic").map(([, rows]) => {
    const sent = sum(rows, "sent");
    const left = sum(rows, "unsubscribed") + sum(rows, "complained");
    const isKnown = sent > 0 && rows.some(({ counts }) => counts.unsubscribed.value !== null || counts.complained.value !== null);
    return { name: t("topic_of_bureau", { topic: rows[0].topic_name, bureau: rows[0].bureau_name }), rate: isKnown ? Math.round((left * 10000) / sent) / 10 : null };
  });
  const known = topics.filter(({ rate }) => rate !== null).sort((one, other) => other.rate - one.rate);
  const few = topics.filter(({ rate }) => rate === null);
  const lines = known.map(({ name, rate }) => ({ name, value: rate, figure: t("per_thousand", { n: rate }) }));
  return card(t("sending_leave"), el("p", { class: "hint" }, t("sending_leave_hint")),
    lines.length > 0 && bars(t("sending_leave_says", { parts: lines.map(({ name, figure: said }) => `${name} ${said}`).join(t("and")) }), lines),
    few.length > 0 && notice("good", null, el("p", {}, t("sending_few", { names: few.map(({ name }) => name).join(t("and")) }))));
}

function whole(items) {
  const column = (what, name) => ({ name, of: (row) => row.counts[what].text, isNumber: true });
  return card(null, el("details", {}, el("summary", {}, t("sending_whole")), table(t("sending_whole"), [
    { name: t("topic_label"), of: (row) => [row.topic_name, el("span", { class: "hint" }, ` ${row.bureau_name}`)] },
    { name: t("week_of"), of: (row) => dayText(row.week) },
    { name: t("results_sendings"), of: (row) => row.runs, isNumber: true },
    column("sent", t("sent_label")), column("opened", t("what_opened")), column("unsubscribed", t("what_unsubscribed")), column("complained", t("what_complained")),
    column("lost_to_cap", t("lost_to_cap_label")),
    { name: t("left_per_thousand"), of: ({ counts }) => perOf({ value: bothOf(counts) }, counts.sent, 1000), isNumber: true },
  ], items)));
}

function bothOf({ unsubscribed, complained }) {
  return unsubscribed.value === null && complained.value === null ? null : (unsubscribed.value || 0) + (complained.value || 0);
}

function grouped(items, member) {
  const groups = new Map();
  for (const item of items) groups.set(item[member], [...(groups.get(item[member]) || []), item]);
  return [...groups];
}

function sum(rows, what) {
  return rows.reduce((total, { counts }) => total + (counts[what].value || 0), 0);
}

function figure(value) {
  return value.toLocaleString("en-US");
}

function shortDay(day) {
  return `${Number(day.slice(5, 7))}/${Number(day.slice(8))}`;
}
