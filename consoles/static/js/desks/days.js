// Closing the day: what each day still lacks, its figures, closing, reopening with two persons, the export.
import { call } from "../api.js";
import { el } from "../dom.js";
import { accountName, dayText, money, nameOf, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { allFilled, busy, button, card, cardForm, confirmed, facts, field, growingList, heading, moment, notice, table } from "../parts.js";
import { redraw } from "../router.js";

export const desk = { path: "/desk/days", name: "days", roles: ["finance", "auditor"], screens: { "/desk/days": list, "/desk/days/:day": one } };

async function list({ signal }) {
  const load = (cursor) => call("GET", `/v1/reconciliation/days?limit=31${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const [open, closed] = await Promise.all([call("GET", "/v1/reconciliation/open-days", { signal }), load()]);
  return {
    title: t("days"),
    content: [heading(t("days"), { intro: t("days_intro") }), el("h2", {}, t("open_days")),
      open.items.length ? el("ul", { class: "list", role: "list" }, open.items.map(openRow)) : el("p", { class: "hint" }, t("no_open_days")),
      el("h2", {}, t("closed_days")),
      closed.items.length ? growingList(onlyClosed(closed), async (cursor) => onlyClosed(await load(cursor)), closedRow)
        : el("p", { class: "hint" }, t("no_closed_days"))],
  };
}

function onlyClosed(page) {
  return { ...page, items: page.items.filter((item) => item.is_closed) };
}

function openRow(item) {
  const lacks = item.missing_files.length > 0;
  return row(item.day, item.version ? t("day_again") : "", el("span", { class: lacks ? "mark warn" : "mark info" },
    lacks ? t("day_lacks", { sources: item.missing_files.map(nameOf).join(t("and")) }) : t("day_ready")));
}

function closedRow(item) {
  return row(item.day, `${item.closed_by} · ${t("version_n", { n: item.version })}`, el("span", { class: "mark good" }, t("day_is_closed")));
}

function row(day, hint, mark) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/days/${day}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, dayText(day)), hint && el("span", { class: "hint" }, hint)), mark));
}

async function one({ path, signal }, { said } = {}) {
  const address = `/v1/reconciliation/days/${encodeURIComponent(path.day)}`;
  const closed = await call("GET", address, { signal }).catch((failure) => {
    if (failure.status !== 404) throw failure;
    return null;
  });
  const again = (words) => redraw(one, { path, signal }, words);
  const title = t("day_of", { day: dayText(path.day) });
  const content = [heading(title, { back: "/desk/days" }), said && notice("good", said)];
  if (closed && closed.is_closed) content.push(...closedDay(closed, address, again));
  else content.push(...openDay(await call("GET", `${address}/readiness`, { signal }), address, again));
  return { title, content };
}

function openDay(found, address, again) {
  const isReady = found.is_over && found.is_ready;
  const state = notice(isReady ? "good" : "warn", t(!found.is_over ? "day_not_over" : isReady ? "day_can_close" : "day_cannot_close"), lacking(found),
    found.missing_files.length > 0 && actsForFinance() && el("a", { class: "button", href: `/desk/files?source=${found.missing_files[0]}` }, t("send_file")));
  const problem = el("div");
  const close = button(t("close_day"), async () => {
    if (!await confirmed(t("close_confirm", { day: dayText(found.day) }), t("close_text"), t("close_day"))) return;
    await busy(close, problem, async () => {
      await call("POST", `${address}/close`, { body: {} });
      await again(t("now_closed"));
    });
  }, { kind: "primary" });
  return [state, problem, isReady && actsForFinance() && el("div", { class: "below" }, close), figures(found.figures, false)];
}

function lacking({ missing_files: files, untyped_differences: differences, statement_gaps: gaps }) {
  const lines = [
    ...(files.length ? [t("lacks_files", { sources: files.map(nameOf).join(t("and")) })] : []),
    ...differences.map((each) => t("lacks_explanation", { account: accountName(each.account), balance: money(each.balance), explained: money(each.explained) })),
    ...gaps.map((each) => t("lacks_continuity", { reference: each.reference, opening: money(each.opening), expected: money(each.expected) })),
  ];
  return lines.length > 0 && el("ul", { class: "problem-list" }, lines.map((line) => el("li", {}, line)));
}

function closedDay(closed, address, again) {
  const reason = field(t("reason"), { name: "textarea", rows: 3, maxlength: 500 });
  return [
    card(null, facts([
      [t("status"), [el("span", { class: "mark good" }, t("day_is_closed")), ` ${t("version_n", { n: closed.version })}`]],
      [t("closed_by"), closed.closed_by],
      [t("closed_at"), moment(closed.closed_at)],
    ]), el("div", { class: "actions" }, el("a", { class: "button primary", href: `${address}/export.csv`, download: true }, t("export_csv")))),
    figures(closed.figures, true),
    actsForFinance() && cardForm(t("reopen"), t("reopen_hint"), reason.block, t("reopen"), (pressed, place) => allFilled(reason) && busy(pressed, place, async () => {
      const { approval_id: approval } = await call("POST", `${address}/reopening`, { body: { reason: reason.input.value.trim() } });
      await again([t("reopen_proposed"), " ", el("a", { href: `/desk/approvals/${approval}` }, t("to_approval"))]);
    }), { kind: "" }),
  ];
}

function figures(found, isClosed) {
  const kinds = Object.entries(found.open_breaks);
  return card(t("figures"),
    el("p", {}, t("figures_equal", { debit: money(found.debit_total), credit: money(found.credit_total) }), " ",
      found.debit_total === found.credit_total && el("span", { class: "mark good" }, t("book_balanced"))),
    found.accounts.length ? table(t("figures"), [
      { name: t("account"), of: (each) => [accountName(each.account), el("span", { class: "code" }, each.account)] },
      { name: t("debit"), of: (each) => money(each.debit), isNumber: true },
      { name: t("credit"), of: (each) => money(each.credit), isNumber: true },
      { name: t("balance"), of: (each) => money(each.balance), isNumber: true },
    ], found.accounts) : el("p", { class: "hint" }, t("figures_none")),
    found.files.length > 0 && [el("h3", {}, t("files_of_day")), table(t("files_of_day"), [
      { name: t("source"), of: (each) => [nameOf(each.source), el("span", { class: "code" }, each.reference)] },
      { name: t("rows"), of: (each) => each.rows, isNumber: true },
      { name: t("net"), of: (each) => money(each.net), isNumber: true },
      { name: t("new_breaks"), of: (each) => each.breaks, isNumber: true },
    ], found.files)],
    isClosed && kinds.length > 0 && el("p", { class: "hint" }, t("pair", { name: t("open_breaks_then"), value: kinds.map(([kind, n]) => `${t(`break_${kind}`)} ${n}`).join(t("and")) })));
}
