// Breaks: where others say something else than our book; found, taken over, explained, and closed by two persons.
import { call } from "../api.js";
import { el } from "../dom.js";
import { accountName, dayText, has, momentText, money, nameOf, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { allFilled, busy, button, card, cardForm, choice, dayOf, facts, field, freshId, growingList, heading, moment, notice } from "../parts.js";
import { go, redraw } from "../router.js";

const KINDS = ["missing_ours", "missing_theirs", "amount", "fee", "date", "duplicate"];
const RAILS = ["bank_of_kaohsiung", "ach", "card", "apple_pay", "google_pay", "jkopay", "line_pay", "store_barcode", "twqr"];
const STATUSES = ["open", "proposed", "closed", "all"];
const AGES = ["1", "3", "7", "30"];
const TONES = { open: "warn", proposed: "info", closed: "good" };

export const desk = {
  path: "/desk/breaks", name: "breaks", roles: ["finance", "auditor"],
  screens: { "/desk/breaks": list, "/desk/breaks/:id": one },
};

async function list({ query, signal }) {
  const chosen = new URLSearchParams();
  const allowed = { status: STATUSES, kind: KINDS, rail: RAILS, owner: ["me", "nobody"], older_than: AGES };
  for (const [name, values] of Object.entries(allowed)) if (values.includes(query.get(name))) chosen.set(name, query.get(name));
  const load = (cursor) => call("GET", `/v1/reconciliation/breaks?limit=30&${chosen}${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("breaks"),
    content: [heading(t("breaks"), { intro: t("breaks_intro") }), filterForm(chosen),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t(chosen.size ? "none_found" : "no_breaks"))],
  };
}

function filterForm(chosen) {
  const any = ["", t("any")];
  const choices = {
    status: choice(t("status"), STATUSES.map((each) => [each, t(each === "all" ? "any" : `break_${each}`)]), { value: chosen.get("status") || "open" }),
    kind: choice(t("kind"), [any, ...KINDS.map((each) => [each, t(`break_${each}`)])], { value: chosen.get("kind") || "" }),
    rail: choice(t("rail"), [any, ...RAILS.map((each) => [each, nameOf(each)])], { value: chosen.get("rail") || "" }),
    owner: choice(t("owner"), [any, ["me", t("owner_me")], ["nobody", t("owner_nobody")]], { value: chosen.get("owner") || "" }),
    older_than: choice(t("age"), [any, ...AGES.map((n) => [n, t("older_than", { n })])], { value: chosen.get("older_than") || "" }),
  };
  const submit = (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    for (const [name, { input }] of Object.entries(choices)) if (input.value && !(name === "status" && input.value === "open")) wanted.set(name, input.value);
    go(`/desk/breaks${wanted.size ? `?${wanted}` : ""}`);
  };
  return el("form", { class: "filter-form", "aria-label": t("filter_label"), on: { submit } },
    Object.values(choices).map(({ block }) => block), el("button", { type: "submit", class: "button" }, t("apply")));
}

function row(item) {
  const owner = item.owner || t("owner_nobody");
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/breaks/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, t("pair", { name: t(`break_${item.kind}`), value: item.cause_words })),
      el("span", { class: "mono" }, item.our_reference || item.their_reference),
      el("span", { class: "hint" }, `${nameOf(item.rail || item.source)} · ${dayText(item.occurred_on)} · ${t("age_days", { n: item.age_days + 1 })} · ${t("pair", { name: t("owner"), value: owner })}`)),
    el("span", { class: "figure" }, money(item.difference)), statusMark(item.status)));
}

function statusMark(status) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`break_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const found = await call("GET", `/v1/reconciliation/breaks/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const title = t("pair", { name: t(`break_${found.kind}`), value: nameOf(found.rail || found.source) });
  return {
    title,
    content: [heading(title, { back: "/desk/breaks", intro: found.cause_words }), said && notice("good", said), bothSides(found),
      found.approval_id && notice("info", t("adjust_waits"), el("a", { class: "button", href: `/desk/approvals/${found.approval_id}` }, t("to_approval"))),
      ...(actsForFinance() && found.status !== "closed" ? work(found, again) : []), history(found.history)],
  };
}

function bothSides(found) {
  const side = (words, amount, reference) => el("div", { class: "side" }, el("div", { class: "hint" }, words),
    el("div", { class: "side-figure" }, amount === null ? t("not_there") : money(amount)), reference && el("div", { class: "mono" }, reference));
  const payment = /^pay_/.test(found.our_reference) && el("a", { href: `/desk/payments/${found.our_reference}?purpose=reconciliation` }, t("to_payment"));
  return card(null,
    el("div", { class: "sides" }, side(t("ours"), found.ours, found.our_reference), side(t("theirs"), found.theirs, found.their_reference),
      side(t("difference"), found.difference, "")),
    facts([
      [t("status"), statusMark(found.status)],
      [t("about"), has(`about_${found.about}`) ? t(`about_${found.about}`) : found.about],
      [t("source"), nameOf(found.source)],
      [t("in_suspense"), found.in_suspense ? money(found.in_suspense) : null],
      [t("account"), found.account && t("with_code", { words: accountName(found.account), code: found.account })],
      [t("files_today"), found.row && t("file_row", { row: found.row })],
      [t("detail"), found.detail],
      [t("occurred_on"), dayOf(found.occurred_on)],
      [t("opened_at"), moment(found.opened_at)],
      [t("owner"), found.owner || t("owner_nobody")],
      [t("explanation"), found.explanation],
      [t("closed_at"), moment(found.closed_at)],
      [t("closed_how"), found.closed_by && t(`closed_${found.closed_by}`)],
      [t("payment"), payment],
    ]));
}

function work(found, again) {
  const path = `/v1/reconciliation/breaks/${found.id}`;
  const problem = el("div");
  const mine = button(t("take_over"), () => busy(mine, problem, async () => {
    await call("POST", `${path}/assignment`, { body: {} });
    await again(t("taken_over"));
  }), { kind: "primary" });
  const words = field(t("explanation"), { name: "textarea", hint: t("explain_hint"), rows: 3, maxlength: 500 });
  const explain = cardForm(t("explain"), null, words.block, t("explain"), (pressed, place) => allFilled(words) && busy(pressed, place, async () => {
    await call("POST", `${path}/explanation`, { body: { explanation: words.input.value.trim() } });
    await again(t("explained"));
  }), { kind: "" });
  return [card(null, problem, mine), explain, found.status === "open" && adjustment(found, path, again)];
}

function adjustment(found, path, again) {
  const needsAccount = found.needs_counter_account;
  const account = needsAccount && choice(t("counter_account"), [["", t("choose")], ...found.counter_accounts.map((code) => [code, t("with_code", { words: accountName(code), code })])]);
  const reason = field(t("reason"), { name: "textarea", rows: 3, maxlength: 500 });
  const fields = account ? [account, reason] : [reason];
  return cardForm(t("adjust"), t(needsAccount ? "adjust_hint" : "adjust_explained"), fields.map(({ block }) => block), t("adjust"),
    (pressed, place) => allFilled(...fields) && busy(pressed, place, async () => {
      const body = { counter_account: account ? account.input.value : null, reason: reason.input.value.trim() };
      await call("POST", `${path}/adjustment`, { body });
      await again(t("adjusted"));
    }));
}

function history(steps) {
  const id = freshId("history");
  return el("section", { class: "card", "aria-labelledby": id }, el("h2", { id }, t("history")),
    el("ol", { class: "steps" }, steps.map((step) => el("li", {}, el("span", { class: "step-what" }, t(`step_${step.what}`)),
      el("span", { class: "hint" }, ` ${step.by || t("by_itself")} · ${momentText(step.at)}`), noteOf(step)))));
}

function noteOf({ what, note, by }) {
  const isCode = what === "opened" || (what === "closed" && has(`closed_${note}`)) || (what === "assigned" && note === by);
  return note && !isCode && el("div", {}, note);
}
