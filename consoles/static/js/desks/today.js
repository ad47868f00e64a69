// Today: what needs somebody now, and where the city's money is at this moment.
import { call } from "../api.js";
import { bars, partedBars } from "../charts.js";
import { el } from "../dom.js";
import { accountName, ageText, dayText, has, momentText, money, nameOf, t } from "../language.js";
import { button, card, dayOf, heading, problemPanel, table } from "../parts.js";
import { show } from "../router.js";

const LEADS_TO = {
  return_file_refused: "/desk/clearing", file_refused: "/desk/files", collection_file_refused: "/desk/files", files_missing: "/desk/files",
  payments_late: "/desk/today/late", windows_passed: "/desk/today/late", breaks_mine: "/desk/breaks?owner=me",
  breaks_without_owner: "/desk/breaks?owner=nobody", breaks_old: "/desk/breaks?older_than=7", days_to_close: "/desk/days",
  approvals: "/desk/approvals", refunds_failed: "/desk/refunds?status=failed", refunds_late: "/desk/refunds?status=waiting",
  disputes_to_answer: "/desk/disputes?status=opened", notices_given_up: "/desk/notices", accounts_overdue: "/desk/today", book_unbalanced: "/desk/today",
};

export const desk = { path: "/desk/today", name: "today", roles: ["finance", "auditor"], screens: { "/desk/today": today, "/desk/today/late": latePayments } };

async function today({ signal }) {
  const asked = ["/v1/finance/today", "/v1/reconciliation/in-transit", "/v1/ledger/trial-balance"].map((path) => call("GET", path, { signal }));
  const [sums, transit, book] = await Promise.allSettled(asked);
  if (sums.status === "rejected") throw sums.reason;
  const now = sums.value;
  const needs = [...alarmsOf(transit.value, book.value), ...now.needs];
  return {
    title: t("today"),
    content: [
      el("div", { class: "with-button" }, heading(t("today"), { intro: t("today_intro", { at: momentText(now.as_of) }) }),
        button(t("refresh"), () => show(), { kind: "small" })),
      needsCard(needs),
      el("div", { class: "columns" }, capturedCard(now), underWayCard(now.under_way)),
      transit.status === "fulfilled" ? transitCard(transit.value.items) : card(t("transit_title"), problemPanel(transit.reason)),
      el("div", { class: "columns" }, breaksCard(now.breaks), filesCard(now.files)),
      book.status === "fulfilled" ? bookCard(book.value) : card(t("book_title"), problemPanel(book.reason)),
    ],
  };
}

async function latePayments({ signal }) {
  const { items } = await call("GET", "/v1/finance/late-payments", { signal });
  const rows = items.map((item) => el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/payments/${item.id}?purpose=reconciliation` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, nameOf(item.rail)), el("span", { class: "mono" }, item.id),
      el("span", { class: "hint" }, t("since", { at: momentText(item.since) }))),
    el("span", { class: "figure" }, money(item.total)), el("span", { class: "mark warn" }, t(`status_of_${item.status}`)))));
  return {
    title: t("late_payments"),
    content: [heading(t("late_payments"), { back: "/desk/today", intro: t("late_payments_intro") }),
      rows.length ? el("ul", { class: "list", role: "list" }, rows) : el("p", { class: "empty" }, t("no_late_payments"))],
  };
}

function alarmsOf(transit, book) {
  const late = transit ? transit.items.filter((item) => item.is_overdue) : [];
  const found = [];
  if (book && !book.is_balanced) found.push({ what: "book_unbalanced", number: 1, is_alarm: true, since: null, detail: "", amount: 0 });
  if (late.length) found.push({ what: "accounts_overdue", number: late.length, is_alarm: true, since: null, detail: "", amount: 0 });
  return found;
}

function needsCard(needs) {
  if (!needs.length) return card(t("needs_title"), el("div", { class: "calm" }, el("strong", {}, t("nothing_waits")), el("p", { class: "hint" }, t("nothing_waits_detail"))));
  return card(t("needs_title"), el("ul", { class: "needs", role: "list" }, needs.map((need) => el("li", {}, el("a", {
    class: need.is_alarm ? "need alarm" : "need", href: LEADS_TO[need.what],
  }, need.is_alarm && el("span", { class: "mark bad" }, t("alarm")),
  el("span", { class: "need-words" }, t(`need_${need.what}`, { n: need.number, detail: detailOf(need) })),
  need.amount > 0 && el("span", { class: "figure" }, money(need.amount)),
  need.since && el("span", { class: "hint" }, t("since", { at: momentText(need.since) })))))));
}

function detailOf({ what, detail }) {
  if (what === "days_to_close") return dayText(detail);
  if (what === "payments_late") return t(`status_of_${detail}`);
  return detail.split(", ").filter(Boolean).map(nameOf).join(t("and"));
}

function capturedCard({ captured, captured_total: total }) {
  if (!captured.length) return card(t("captured_title"), el("p", { class: "hint" }, t("captured_none")));
  const parts = captured.map(({ name, total: sum }) => `${name} ${money(sum)}`).join(t("and"));
  return card(t("captured_title"),
    bars(t("captured_says", { total: money(total), parts }), captured.map(({ name, total: sum }) => ({ name, value: sum, figure: money(sum) }))),
    table(t("captured_title"), [
      { name: t("rail"), of: (row) => row.name },
      { name: t("number_of"), of: (row) => row.number, isNumber: true },
      { name: t("in_points"), of: (row) => row.in_points, isNumber: true },
      { name: t("amount"), of: (row) => money(row.total), isNumber: true },
    ], captured, { total: [t("total"), sumOf(captured, "number"), sumOf(captured, "in_points"), money(total)] }));
}

function underWayCard(states) {
  return card(t("under_way_title"), table(t("under_way_title"), [
    { name: t("state"), of: (row) => t(`status_of_${row.status}`) },
    { name: t("number_of"), of: (row) => row.number, isNumber: true },
    { name: t("amount"), of: (row) => money(row.total), isNumber: true },
    { name: t("oldest"), of: (row) => (row.oldest_at ? ageText(row.oldest_at) : "–"), isNumber: true },
    { name: t("within"), of: (row) => limitOf(row) },
  ], states));
}

function limitOf({ status, within_minutes: minutes, late }) {
  if (late) return el("span", { class: "mark bad" }, t("late_n", { n: late }));
  if (minutes === null) return status === "provisional" ? t("until_final") : "–";
  return minutes < 60 ? t("minutes_n", { n: minutes }) : t("hours_n", { n: minutes / 60 });
}

function transitCard(items) {
  const held = items.filter((item) => item.balance || item.items || item.is_overdue);
  const rest = items.length - held.length;
  return card(t("transit_title"), el("p", { class: "hint" }, t("transit_hint")),
    held.length ? table(t("transit_title"), [
      { name: t("account"), of: (row) => [accountName(row.account), el("span", { class: "code" }, row.account)] },
      { name: t("balance"), of: (row) => money(row.balance), isNumber: true },
      { name: t("number_of"), of: (row) => row.items, isNumber: true },
      { name: t("oldest"), of: (row) => dayOf(row.oldest_on) || "–" },
      { name: t("within"), of: (row) => t("days_n", { n: row.within_days }) },
      { name: t("state"), of: transitState },
    ], held) : el("p", {}, t("nothing_in_transit")),
    rest > 0 && held.length > 0 && el("p", { class: "hint" }, t("accounts_at_zero", { n: rest })));
}

function transitState({ unexplained, is_overdue: isOverdue }) {
  if (unexplained) return el("span", { class: "mark bad" }, t("unexplained", { amount: money(unexplained) }));
  return el("span", { class: isOverdue ? "mark bad" : "mark good" }, t(isOverdue ? "overdue" : "fine"));
}

function breaksCard(kinds) {
  if (!kinds.length) return card(t("breaks_by_kind"), el("p", { class: "hint" }, t("no_breaks")));
  const ages = ["up_to_1", "up_to_3", "up_to_7", "older"];
  const says = kinds.map((row) => t("break_ages_says", { kind: t(`break_${row.kind}`), a: row.up_to_1, b: row.up_to_3, c: row.up_to_7, d: row.older })).join(t("next_sentence"));
  return card(t("breaks_by_kind"),
    partedBars(says, ages.map((age) => t(age)), kinds.map((row) => ({ name: t(`break_${row.kind}`), parts: ages.map((age) => row[age]), figure: row.number }))),
    table(t("breaks_by_kind"), [
      { name: t("kind"), of: (row) => el("a", { href: `/desk/breaks?kind=${row.kind}` }, t(`break_${row.kind}`)) },
      { name: t("number_of"), of: (row) => row.number, isNumber: true },
      { name: t("oldest"), of: (row) => ageText(row.oldest_at), isNumber: true },
      { name: t("in_suspense"), of: (row) => money(row.in_suspense), isNumber: true },
    ], kinds));
}

function filesCard(files) {
  return card(t("files_today"), table(t("files_today"), [
    { name: t("source"), of: (row) => nameOf(row.source) },
    { name: t("latest_day"), of: (row) => dayOf(row.last_day) || "–" },
    { name: t("received_today"), of: (row) => row.taken_today, isNumber: true },
    { name: t("state"), of: fileState },
  ], files));
}

function fileState(row) {
  if (row.is_refused) return [el("span", { class: "mark bad" }, t("file_refused")), has(`refusal_${row.refusal}`) && el("div", { class: "hint" }, t(`refusal_${row.refusal}`))];
  if (row.is_missing) return el("span", { class: "mark warn" }, t("file_missing"));
  return el("span", { class: row.last_day ? "mark good" : "mark" }, t(row.last_day ? "file_fine" : "file_none"));
}

function bookCard({ totals, accounts, is_balanced: isBalanced }) {
  const used = accounts.filter((row) => row.debit || row.credit);
  return card(t("book_title"),
    el("p", {}, el("span", { class: isBalanced ? "mark good" : "mark bad" }, t(isBalanced ? "book_balanced" : "book_unbalanced"))),
    table(t("book_title"), [
      { name: t("asset"), of: (row) => (has(`asset_${row.asset}`) ? t(`asset_${row.asset}`) : row.asset) },
      { name: t("debit"), of: (row) => figure(row.asset, row.debit), isNumber: true },
      { name: t("credit"), of: (row) => figure(row.asset, row.credit), isNumber: true },
      { name: t("difference"), of: (row) => figure(row.asset, row.debit - row.credit), isNumber: true },
    ], totals),
    el("details", {}, el("summary", {}, t("all_accounts")), table(t("all_accounts"), [
      { name: t("account"), of: (row) => [accountName(row.account), el("span", { class: "code" }, row.account)] },
      { name: t("debit"), of: (row) => money(row.debit), isNumber: true },
      { name: t("credit"), of: (row) => money(row.credit), isNumber: true },
      { name: t("balance"), of: (row) => money(row.balance), isNumber: true },
    ], used)));
}

function figure(asset, amount) {
  return asset === "TWD" ? money(amount) : new Intl.NumberFormat("en-US").format(amount);
}

function sumOf(rows, member) {
  return rows.reduce((total, row) => total + row[member], 0);
}
