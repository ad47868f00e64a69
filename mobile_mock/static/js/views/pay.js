// Step one of paying: which bills, and how. Nothing moves here; the next screen shows the words to sign.
import { acting } from "../acting.js";
import { creationKey, endCreation } from "../attempts.js";
import { Refusal, call } from "../api.js";
import { hasDeviceWallet } from "../device_wallet.js";
import { el, fill } from "../dom.js";
import { billName, money, number, plate } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, fieldError, heading, mark, notice } from "../parts.js";
import { DEVICE_WALLETS, railIcon } from "../rails.js";
import { go } from "../router.js";
import { combined, waysToPay } from "../ways_to_pay.js";
import { whyNotPayable } from "./bills.js";
import { linkBank } from "./link_bank.js";
import { pointsPart } from "./points_part.js";
import { slipsOf } from "./slips_offered.js";

const ALREADY_RUNNING_MS = 1500;

export async function pay({ query, signal }) {
  const ids = (query.get("bills") || "").split(",").filter(Boolean);
  const title = t("pay_title");
  if (ids.length === 0) return { title, content: [heading(title, { back: "/app" }), buttonLink(t("to_bills"), "/app", { kind: "primary" })] };
  const bills = await Promise.all(ids.map((id) => call("GET", `/v1/bills/${encodeURIComponent(id)}`, { signal })));
  const blocked = bills.filter((bill) => !bill.is_payable);
  return {
    title,
    content: [
      heading(title, { back: "/app", backText: t("bills_title") }),
      el("p", { class: "step" }, t("step_of", { step: 1, of: 2 })),
      el("section", { class: "card" }, el("h2", {}, t("chosen_count", { n: bills.length })),
        el("ul", { class: "lines", role: "list" }, bills.map((bill) => el("li", {}, el("span", { class: "line-words" }, el("span", {}, billName(bill)), plate(bill.plate)), money(bill.amount)))),
        el("p", { class: "lines-sum" }, el("span", {}, t("sum_before_fee")), money(bills.reduce((total, bill) => total + bill.amount, 0), "strong"))),
      blocked.length > 0
        ? notice("bad", t("some_not_payable"), el("ul", {}, blocked.map((bill) => el("li", {}, `${billName(bill)}：${whyNotPayable(bill)}`))), buttonLink(t("to_bills"), "/app", { kind: "small" }))
        : await howToPay(bills, signal),
    ],
  };
}

async function howToPay(bills, signal) {
  const [pages, links, cards, points] = await Promise.all([
    Promise.all(bills.map((bill) => call("GET", `/v1/bills/${encodeURIComponent(bill.id)}/quotes`, { signal }))),
    call("GET", "/v1/bank-links", { signal }), call("GET", "/v1/cards", { signal }), call("GET", "/v1/points", { signal, inNameOf: null }),
  ]);
  const quotes = combined(pages.map((page) => page.items));
  const ways = waysToPay({ quotes, links: links.items, cards: cards.items, balance: points.balance }).map(withoutMissingWallet);
  const hasOwn = links.items.some((link) => link.bank === "bank_of_kaohsiung" && link.status === "active");
  const [form, another] = [wayForm(bills, ways, points.balance), linkers(quotes, hasOwn)];
  return [hasOwn ? [form, another] : [another, form], !acting() && slipsOf(bills, quotes)];
}

function withoutMissingWallet(way) {
  return DEVICE_WALLETS.has(way.quote.rail) && !hasDeviceWallet() ? { ...way, barred: way.barred || t("no_device_wallet") } : way;
}

function wayForm(bills, ways, balance) {
  const open = ways.filter((way) => !way.barred);
  const barred = ways.filter((way) => way.barred);
  const byId = new Map(open.map((way) => [way.id, way]));
  const amount = bills.reduce((total, bill) => total + bill.amount, 0);
  const first = open.find((way) => way.isOwn);
  const part = pointsPart(balance, amount, () => changed());
  const keep = el("input", { type: "checkbox", class: "check" });
  const keepLine = el("label", { class: "setting keep-card" }, el("span", {}, t("keep_card"), el("span", { class: "hint" }, t("keep_card_hint"))), keep);
  const sums = el("div", { class: "pay-sums" });
  const problem = el("div");
  const missing = fieldError();
  const next = button(t("next_review"), null, { kind: "accent wide", type: "submit" });
  const chosen = () => byId.get(new FormData(form).get("way"));
  const changed = () => {
    const way = chosen();
    keepLine.hidden = way?.id !== "card";
    part.block.hidden = !way || way.id === "points";
    missing.say("");
    fill(sums, way && sumsOf(way, part.block.hidden ? 0 : part.points()));
  };
  const submit = (event) => {
    event.preventDefault();
    const way = chosen();
    if (!way) {
      missing.say(t("choose_way_missing"));
      return form.querySelector("input[name=way]").focus();
    }
    if (!part.block.hidden && !part.isRight()) return part.focus();
    const body = { bill_ids: bills.map((bill) => bill.id), ...way.body };
    if (way.id === "card" && keep.checked) body.keep_card = true;
    if (!part.block.hidden && part.points() > 0) body.points = part.points();
    return busy(next, problem, async () => {
      const payment = await create(body);
      go(`/app/payments/${payment.id}`, { replace: true });
    });
  };
  const form = el("form", { class: "card", novalidate: true, on: { submit, change: changed } },
    el("fieldset", { class: "choices", "aria-describedby": missing.id }, el("legend", {}, el("h2", {}, t("choose_way"))),
      open.map((way) => wayChoice(way, way === first))),
    barred.length > 0 && el("details", { class: "barred-ways" }, el("summary", {}, t("ways_barred", { n: barred.length })),
      el("ul", { class: "lines", role: "list" }, barred.map((way) => el("li", {},
        el("span", { class: "line-words" }, el("span", {}, icon(railIcon(way.quote.rail)), " ", way.title, " ", way.account && el("span", { class: "mono" }, way.account)),
          el("span", { class: "hint" }, way.barred)))))),
    missing.element, keepLine, part.block, sums, problem, next);
  changed();
  return form;
}

function wayChoice(way, isChosen) {
  const { quote } = way;
  return el("label", { class: "choice way" },
    el("input", { type: "radio", class: "radio", name: "way", value: way.id, checked: isChosen, required: true }),
    icon(railIcon(quote.rail)),
    el("span", { class: "way-words" },
      el("span", { class: "way-name" },
        el("span", {}, el("strong", {}, way.title), way.account && " ", way.account && el("span", { class: "mono" }, way.account)), " ",
        el("span", { class: "way-fee" }, quote.fee === 0 ? t("no_fee_at_all") : [t("fee"), " ", money(quote.fee)])),
      way.isRecommended && mark("good", recommendation(quote), "check"),
      el("span", { class: "hint" }, [way.hint, quote.words, t(quote.cityCost ? "city_pays" : "city_pays_nothing", { amount: number(quote.cityCost) })].filter(Boolean).join(" · "))));
}

function recommendation({ fee, cityCost }) {
  return fee + cityCost === 0 ? t("recommended_free") : t("recommended_cheapest", { amount: number(fee + cityCost) });
}

function sumsOf({ quote }, points) {
  return [
    el("p", { class: "lines-sum light" }, el("span", {}, t("fee")), quote.fee === 0 ? el("span", {}, t("no_fee")) : money(quote.fee)),
    points > 0 && el("p", { class: "lines-sum light" }, el("span", {}, t("paid_in_points")), el("span", {}, t("points_amount", { n: `−${number(points)}` }))),
    quote.rail === "points"
      ? el("p", { class: "lines-sum" }, el("span", {}, t("total")), el("strong", {}, t("points_amount", { n: number(quote.total) })))
      : el("p", { class: "lines-sum" }, el("span", {}, t(points > 0 ? "left_in_money" : "total")), money(quote.total - points, "strong")),
  ];
}

/** Ways to have one more way: link an account at the city's bank, or at any other. */
function linkers(quotes, hasOwn) {
  const problem = el("div");
  const here = window.location.pathname + window.location.search;
  const inside = quotes.find((quote) => quote.rail === "bank_of_kaohsiung");
  const link = button(t("link_bank"), () => busy(link, problem, () => linkBank({}, here)), { kind: hasOwn ? "quiet wide" : "primary wide", iconName: "plus" });
  return el("section", { class: "card" }, el("h2", {}, t("another_account")),
    !hasOwn && el("p", {}, inside && t(inside.fee === 0 ? "no_account_free" : "no_account_fee", { amount: number(inside.fee) }), " ", t("no_account")),
    problem, link, buttonLink(t("link_other_bank"), `/app/me/banks/link?then=${encodeURIComponent(here)}`, { kind: "quiet wide", iconName: "plus" }));
}

/** Create the payment under this attempt's key; a first request still running is waited for, never repeated under a new key. */
async function create(body) {
  for (let round = 0; ; round += 1) {
    try {
      return await call("POST", "/v1/payments", { body, key: creationKey(body) });
    } catch (failure) {
      const isRunning = failure instanceof Refusal && failure.status === 409 && failure.slug.startsWith("idempotency");
      if (!isRunning || round >= 5) {
        if (failure instanceof Refusal && failure.status < 500 && !isRunning) endCreation();
        throw failure;
      }
      await new Promise((resolve) => { window.setTimeout(resolve, ALREADY_RUNNING_MS); });
    }
  }
}
