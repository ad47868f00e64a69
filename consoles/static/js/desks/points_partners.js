// Partners of exchange: what is left for each and on its way, where a statement differs from ours, and what a month comes to.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { ageText, money, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, card, choice, facts, field, filterLinks, growingList, heading, moment, notice, table } from "../parts.js";
import { monthsOf } from "../partner_months.js";
import { agreements } from "./partner_agreements.js";
import { numberText } from "../points_words.js";
import { redraw } from "../router.js";

const STATUSES = ["open", "proposed", "explained", "corrected", "all"];
const TONES = { open: "warn", proposed: "info", explained: "good", corrected: "good" };

export const desk = {
  path: "/desk/partners", name: "pts_partners", roles: ["points_officer", "auditor"], screens: { "/desk/partners": overview, "/desk/partners/:id": agreements },
};

async function overview({ query, signal }, { said } = {}) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "open";
  const load = (cursor) => call("GET", `/v1/points-desk/breaks?status=${status}&limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const loadMonths = (cursor) => call("GET", `/v1/points-desk/partner-nettings?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [partners, months, first] = await Promise.all([call("GET", "/v1/points-desk/partners", { signal }), loadMonths(), load()]);
  const names = Object.fromEntries(partners.items.map(({ code, name }) => [code, name]));
  const again = (words) => redraw(overview, { query, signal }, words);
  return {
    title: t("pts_partners"),
    content: [heading(t("pts_partners"), { intro: t("pts_partners_intro") }), said && notice("good", said), card(null, partnersTable(partners.items)),
      officer().roles.includes("points_officer") && statementForm(partners.items),
      monthsOf(months, loadMonths, names, again),
      el("h2", {}, t("pts_breaks")),
      filterLinks(STATUSES.map((each) => [`/desk/partners?status=${each}`, t(`pts_break_${each}`), each === status])),
      first.items.length ? growingList(first, load, (item) => el("li", {}, one(item, names, again))) : el("p", { class: "empty" }, t(status === "open" ? "pts_no_breaks" : "pts_none"))],
  };
}

function partnersTable(items) {
  return table(t("pts_partners"), [
    { name: t("pts_partner"), of: (each) => [el("a", { href: `/desk/partners/${each.code}` }, each.name), !each.is_open && el("span", { class: "mark bad" }, t("pts_is_shut")), !each.is_connected && el("span", { class: "mark warn" }, t("pts_not_connected"))] },
    { name: t("pts_budget_left"), of: (each) => numberText(each.budget_left), isNumber: true },
    { name: t("pts_there"), of: (each) => numberText(each.points_there), isNumber: true },
    { name: t("pts_payable"), of: (each) => money(each.payable_twd), isNumber: true },
    { name: t("pts_on_the_way"), of: (each) => (each.open_exchanges ? t("pts_open_since", { n: each.open_exchanges, age: ageText(each.oldest_open_at) }) : "0"), isNumber: true },
    { name: t("pts_breaks"), of: (each) => each.open_breaks, isNumber: true },
  ], items);
}

function statementForm(partners) {
  const partner = choice(t("pts_partner"), partners.map(({ code, name }) => [code, name]), { value: partners[0]?.code });
  const month = field(t("pts_month"), { type: "month", max: lastMonth(), value: lastMonth() });
  const place = el("div");
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(month)) return;
    busy(event.submitter, place, async () => {
      const taken = await call("POST", `/v1/points-desk/partners/${partner.input.value}/statements/${month.input.value}`);
      place.replaceChildren(notice(taken.open_breaks ? "warn" : "good", t(`pts_statement_${taken.status}`), el("p", {}, t("pts_statement_says", { lines: numberText(taken.lines), net: money(taken.net_twd), n: taken.open_breaks }))));
    });
  };
  return card(t("pts_statement"), el("p", { class: "hint" }, t("pts_statement_hint")),
    el("form", { class: "filter-form", on: { submit } }, partner.block, month.block, el("button", { type: "submit", class: "button" }, t("pts_statement_take"))), place);
}

function lastMonth() {
  const [year, month] = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit" }).format(new Date()).split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}

function one(found, names, again) {
  const value = (each) => (each === null ? t("not_there") : numberText(each));
  const side = (words, amount, twd) => el("div", { class: "side" }, el("div", { class: "hint" }, words), el("div", { class: "side-figure" }, value(amount)), el("div", {}, money(twd)));
  return card(`${names[found.partner] || found.partner} ${found.month}: ${t(`pts_kind_${found.kind}`)}`,
    el("div", { class: "sides" }, side(t("ours"), found.ours_value, found.ours_twd), side(t("theirs"), found.theirs_value, found.theirs_twd)),
    facts([
      [t("status"), el("span", { class: `mark ${TONES[found.status]}` }, t(`pts_break_${found.status}`))],
      [t("pts_reference"), el("span", { class: "mono" }, found.reference)],
      [t("pts_our_state"), found.ours_state],
      [t("opened_at"), moment(found.opened_at)],
      [t("note"), found.note],
      [t("closed_at"), moment(found.closed_at)],
    ]),
    found.status === "proposed" && el("a", { class: "button", href: `/desk/approvals/${found.approval_id}` }, t("pts_to_approval")),
    found.status === "open" && officer().roles.includes("points_officer") && resolution(found, again));
}

function resolution(found, again) {
  const how = choice(t("pts_how"), [["explained", t("pts_how_explained")], ["corrected", t("pts_how_corrected")]], { value: "explained" });
  const note = field(t("note"), { name: "textarea", rows: 2, maxlength: 500 });
  const problem = el("div");
  const key = keyForEach();
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(note)) return;
    busy(event.submitter, problem, async () => {
      const body = { how: how.input.value, note: note.input.value.trim() };
      const after = await call("POST", `/v1/points-desk/breaks/${found.id}/resolution`, { body, key: key(body) });
      await again(t(after.status === "proposed" ? "pts_break_now_proposed" : "pts_break_now_explained"));
    });
  };
  return el("form", { class: "form", novalidate: true, on: { submit } }, how.block, note.block, problem, el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("pts_resolve"))));
}
