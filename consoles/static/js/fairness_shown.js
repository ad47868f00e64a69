// The fairness report: its sentence, its picture, and a table for each question. Nothing is told by colour alone.
import { call } from "./api.js";
import { el } from "./dom.js";
import { language, t } from "./language.js";
import { fleetNames } from "./fleet_names.js";
import { allFilled, card, choice, field, table } from "./parts.js";
import { go } from "./router.js";

const ALL = "*";
const DIMENSIONS = ["complained", "chair", "district", "time"];

export async function fairness({ query, signal }) {
  const asked = new URLSearchParams([...query].filter(([name]) => ["since", "until"].includes(name)));
  const address = `/v1/desk/ride-fairness?${asked}`;
  const [report, names] = await Promise.all([call("GET", address, { signal }), fleetNames(signal)]);
  const fleets = [...new Set(report.lines.map(({ fleet }) => fleet))];
  const fleet = fleets.includes(query.get("fleet")) ? query.get("fleet") : ALL;
  const lines = report.lines.filter((each) => each.fleet === fleet);
  return [
    days(report, fleets, fleet, names),
    card(report.words, el("p", { class: "hint" }, t("care_sums", { n: report.requests })), picture(`${address}&fleet=${encodeURIComponent(fleet)}`, report.words),
      el("p", { class: "hint" }, t("care_method", { n: report.comparisons, k: report.smallest })),
      el("div", { class: "actions" }, el("a", { class: "button small", href: `${address}&format=csv`, download: true }, t("care_csv")))),
    DIMENSIONS.map((each) => question(each, lines.filter(({ dimension }) => dimension === each))),
  ];
}

function days(report, fleets, fleet, names) {
  const lastDay = new Date(Date.parse(report.until) - 1);
  const since = field(t("care_from"), { type: "date", value: dayIn(new Date(report.since)) });
  const until = field(t("care_until"), { type: "date", value: dayIn(lastDay) });
  const which = choice(t("care_fleet"), fleets.map((each) => [each, each === ALL ? t("care_by_all") : names[each] || each]), { value: fleet });
  const submit = (event) => {
    event.preventDefault();
    if (allFilled(since, until)) go(`/desk/ride-care?${new URLSearchParams({ part: "fairness", since: since.input.value, until: until.input.value, fleet: which.input.value })}`);
  };
  return card(null, el("form", { class: "filter-form", on: { submit } }, since.block, until.block, which.block, el("button", { type: "submit", class: "button" }, t("care_show"))));
}

function dayIn(moment) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei" }).format(moment);
}

function question(dimension, lines) {
  if (lines.length === 0) return null;
  return card(t(`care_dim_${dimension}`), table(t(`care_dim_${dimension}`), [
    { name: t("care_group"), of: (each) => each.group_words },
    { name: t("care_riders"), of: (each) => (each.is_shown ? each.riders : t("care_too_small")), isNumber: true },
    { name: t("care_asked_n"), of: (each) => each.asked ?? "", isNumber: true },
    { name: t("care_refused_n"), of: (each) => (each.is_shown ? share(each.refused / each.asked) : ""), isNumber: true },
    { name: t("care_apart"), of: (each) => (each.apart === null ? "" : t("care_range", { apart: apart(each.apart), low: apart(each.apart_low), high: apart(each.apart_high) })), isNumber: true },
    { name: t("care_verdict"), of: verdict },
  ], lines));
}

function verdict(each) {
  if (!each.is_shown) return "";
  if (each.p_corrected === null) return t("care_too_few");
  return el("span", { class: each.is_not_chance ? `mark ${each.apart > 0 ? "bad" : "info"}` : "mark" }, t(each.is_not_chance ? "care_not_chance" : "care_may_be"));
}

function share(value) {
  return `${(100 * value).toFixed(0)} %`;
}

function apart(value) {
  return `${value < 0 ? "\u2212" : "+"}${Math.abs(100 * value).toFixed(0)} %`;
}

/** The picture as the server draws it, in the officer's language; what it shows stands in the tables, too. */
function picture(address, words) {
  return el("div", { class: "wide-picture", tabindex: "0", role: "group", "aria-label": t("care_picture") },
    el("img", { alt: words, src: `${address}&format=svg&language=${language()}` }));
}
