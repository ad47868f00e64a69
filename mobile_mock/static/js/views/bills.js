// The first screen: what I owe. Choose bills, see the sum, pay.
import { acting, mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { billName, billPlace, dateText, daysUntil, money, moneySpoken, plate } from "../format.js";
import { harbour, icon } from "../icons.js";
import { hasText, t } from "../language.js";
import { button, buttonLink, empty, growingList, mark, notice } from "../parts.js";
import { go } from "../router.js";

const PAGE = 30;

export async function bills({ query, signal }) {
  const wanted = query.get("status") === "paid" ? "paid" : "unpaid";
  const load = (cursor) => call("GET", `/v1/bills?status=${wanted}&limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  // The choice lives with this entry of the browser's history: it is there again after a change of language or a way back.
  const kept = new Set(wanted === "unpaid" ? window.history.state?.chosen : []);
  const [first, cars] = await Promise.all([loadAsFarAs(kept, load), acting() ? null : call("GET", "/v1/me/vehicles", { signal })]);
  const title = acting() ? t("bills_title_for", { name: acting().name }) : t("bills_title");
  return {
    title,
    content: wanted === "unpaid" ? unpaidScreen(title, first, load, cars?.items, kept) : paidScreen(title, first, load),
  };
}

/** The first page, and as many more in one as it takes to show every bill of `ids`. */
async function loadAsFarAs(ids, load) {
  const missing = new Set(ids);
  const all = { items: [], next_cursor: null };
  do {
    const page = await load(all.next_cursor);
    all.items.push(...page.items);
    all.next_cursor = page.next_cursor;
    for (const { id } of page.items) missing.delete(id);
  } while (missing.size > 0 && all.next_cursor);
  return all;
}

function unpaidScreen(title, first, load, cars, kept) {
  const known = new Map();
  const chosen = new Set();
  const count = el("p", { class: "hero-count" });
  const sum = el("p", { class: "hero-sum" });
  const bar = el("div", { class: "pay-bar", hidden: true });
  const all = el("input", { type: "checkbox", class: "check", on: { change: () => chooseAll(all.checked) } });
  let hasMore = Boolean(first.next_cursor);

  const remember = (items) => {
    for (const bill of items) known.set(bill.id, { bill, box: null });
    const open = [...known.values()].map(({ bill }) => bill).filter((bill) => bill.is_payable);
    fill(count, t(hasMore ? "owe_count_more" : "owe_count", { n: open.length }));
    fill(sum, money(open.reduce((total, bill) => total + bill.amount, 0)));
  };
  const changed = () => {
    window.history.replaceState({ chosen: [...chosen] }, "");
    const total = [...chosen].reduce((added, id) => added + known.get(id).bill.amount, 0);
    const payable = [...known.values()].filter(({ bill }) => bill.is_payable);
    all.checked = chosen.size > 0 && chosen.size === payable.length;
    all.indeterminate = chosen.size > 0 && chosen.size < payable.length;
    bar.hidden = chosen.size === 0;
    fill(bar, el("div", { class: "pay-bar-sum" }, el("span", { class: "pay-bar-count" }, t("chosen_count", { n: chosen.size })), money(total, "strong")),
      button(t("pay"), () => go(`/app/pay?bills=${[...chosen].join(",")}`), { kind: "accent", "aria-label": t("pay_spoken", { n: chosen.size, amount: moneySpoken(total) }) }));
    announce(t("chosen_spoken", { n: chosen.size, amount: moneySpoken(total) }));
  };
  const choose = (id, isChosen) => { if (isChosen) chosen.add(id); else chosen.delete(id); };
  const chooseAll = (isChosen) => {
    for (const { bill, box } of known.values()) {
      if (!bill.is_payable || !box) continue;
      box.checked = isChosen;
      choose(bill.id, isChosen);
    }
    changed();
  };
  const draw = (bill) => {
    const box = bill.is_payable && mayNow("payments:pay") ? el("input", { type: "checkbox", class: "check", on: { change: () => { choose(bill.id, box.checked); changed(); } } }) : null;
    known.get(bill.id).box = box;
    if (box && kept.has(bill.id)) {
      box.checked = true;
      choose(bill.id, true);
    }
    return billCard(bill, box);
  };

  remember(first.items);
  const list = growingList(first, async (cursor) => {
    const page = await load(cursor);
    hasMore = Boolean(page.next_cursor);
    remember(page.items);
    return page;
  }, draw, { className: "bill-list" });
  if (chosen.size > 0) changed();
  const isAnyPayable = [...known.values()].some(({ bill }) => bill.is_payable);
  return [
    hero(title, isAnyPayable && [count, sum]),
    filters("unpaid"),
    cars?.length === 0 && notice("info", t("no_vehicles_title"), el("p", {}, t("no_vehicles_detail")), buttonLink(t("add_plate"), "/app/me/vehicles", { kind: "small", iconName: "plus" })),
    first.items.length === 0 && empty("check", t("no_bills_title"), t("no_bills_detail")),
    isAnyPayable && mayNow("payments:pay") && el("label", { class: "choose-all" }, all, el("span", {}, t("choose_all"))),
    list,
    bar,
  ];
}

function paidScreen(title, first, load) {
  return [
    hero(title),
    filters("paid"),
    first.items.length === 0 && empty("bills", t("no_paid_title"), t("no_paid_detail")),
    growingList(first, load, (bill) => billCard(bill, null), { className: "bill-list" }),
  ];
}

function hero(title, sums) {
  return el("header", { class: "hero" }, harbour(), el("div", { class: "hero-words" }, el("h1", {}, title), sums));
}

function filters(current) {
  const item = (status, href) => el("a", { class: "tab", href, "aria-current": status === current && "page" }, t(`filter_${status}`));
  return el("nav", { class: "tabs", "aria-label": t("filter_label") }, item("unpaid", "/app"), item("paid", "/app?status=paid"));
}

function billCard(bill, box) {
  const kind = t(`kind_${bill.kind}`);
  const body = [
    el("div", { class: "bill-line" },
      el("span", { class: "bill-kind" }, icon(bill.kind === "ride" ? "large" : bill.kind), kind), " ", money(bill.amount, "bill-amount")),
    el("p", { class: "bill-place" }, billPlace(bill), bill.part_number && ` · ${t("part_of", { n: bill.part_number, of: bill.part_count })}`),
    el("p", { class: "bill-about" }, bill.plate && plate(bill.plate), " ", dueMark(bill)),
    !bill.is_payable && bill.status !== "paid" && el("p", { class: "bill-why" }, icon("info"), whyNotPayable(bill)),
  ];
  const face = box ? el("label", { class: "bill-face" }, box, el("span", { class: "bill-body" }, body)) : el("div", { class: "bill-face" }, el("div", { class: "bill-body" }, body));
  return el("li", { class: `bill ${bill.is_overdue && bill.status === "unpaid" ? "overdue" : ""}` }, face,
    el("div", { class: "bill-links" },
      bill.status === "processing" && bill.payment_id && !acting() && el("a", { class: "bill-more", href: `/app/payments/${bill.payment_id}` }, el("span", {}, t("see_payment")), icon("forward")),
      el("a", { class: "bill-more", href: `/app/bills/${bill.id}`, "aria-label": t("bill_details_of", { name: billName(bill) }) }, el("span", {}, t("details")), icon("forward"))));
}

/** When it is due, or that it is overdue, or that it is paid: words, icon and colour together. */
export function dueMark(bill) {
  if (bill.status === "paid") return mark("good", bill.paid_at ? t("paid_on", { date: dateText(bill.paid_at) }) : t("status_paid"), "check");
  if (bill.status === "processing") return mark("info", t("status_processing"), "wait");
  if (bill.status === "appealed" || bill.status === "void") return mark("info", t(`status_${bill.status}`), "info");
  const days = daysUntil(bill.due_on);
  if (bill.is_overdue) return mark("bad", t("overdue_since", { date: dateText(bill.due_on), n: Math.max(1, -days) }), "overdue");
  if (days <= 3) return mark("warn", days === 0 ? t("due_today") : t("due_in", { date: dateText(bill.due_on), n: days }), "clock");
  return mark("calm", t("due_on", { date: dateText(bill.due_on) }), "clock");
}

export function whyNotPayable(bill) {
  const key = `not_payable_${bill.not_payable_reason}`;
  return hasText(key) ? t(key) : bill.not_payable_explanation || t("not_payable");
}
