// Step one of paying: which bills, from which account. Nothing moves here; the next screen shows the words to sign.
import { creationKey, endCreation } from "../attempts.js";
import { Refusal, call } from "../api.js";
import { el } from "../dom.js";
import { billName, money, plate } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, heading, notice } from "../parts.js";
import { go } from "../router.js";
import { linkBank } from "./banks.js";
import { whyNotPayable } from "./bills.js";

const ALREADY_RUNNING_MS = 1500;

export async function pay({ query, signal }) {
  const ids = (query.get("bills") || "").split(",").filter(Boolean);
  const title = t("pay_title");
  if (ids.length === 0) return { title, content: [heading(title, { back: "/app" }), buttonLink(t("to_bills"), "/app", { kind: "primary" })] };
  const [chosen, links] = await Promise.all([
    Promise.all(ids.map((id) => call("GET", `/v1/bills/${encodeURIComponent(id)}`, { signal }))),
    call("GET", "/v1/bank-links", { signal }),
  ]);
  const accounts = links.items.filter((link) => link.status === "active");
  const blocked = chosen.filter((bill) => !bill.is_payable);
  const sum = chosen.reduce((total, bill) => total + bill.amount, 0);
  return {
    title,
    content: [
      heading(title, { back: "/app", backText: t("bills_title") }),
      el("p", { class: "step" }, t("step_of", { step: 1, of: 2 })),
      el("section", { class: "card" }, el("h2", {}, t("chosen_count", { n: chosen.length })),
        el("ul", { class: "lines", role: "list" }, chosen.map((bill) => el("li", {}, el("span", { class: "line-words" }, el("span", {}, billName(bill)), plate(bill.plate)), money(bill.amount)))),
        el("p", { class: "lines-sum" }, el("span", {}, t("sum_before_fee")), money(sum, "strong"))),
      blocked.length > 0
        ? notice("bad", t("some_not_payable"), el("ul", {}, blocked.map((bill) => el("li", {}, `${billName(bill)}：${whyNotPayable(bill)}`))), buttonLink(t("to_bills"), "/app", { kind: "small" }))
        : accountForm(ids, accounts),
    ],
  };
}

function accountForm(ids, accounts) {
  const problem = el("div");
  const here = window.location.pathname + window.location.search;
  const link = button(t("link_bank"), () => busy(link, problem, () => linkBank(here)), { kind: accounts.length ? "quiet wide" : "primary wide", iconName: "plus" });
  if (accounts.length === 0) {
    return el("section", { class: "card" }, el("h2", {}, t("choose_account")), el("p", {}, t("no_account")), problem, link);
  }
  const next = button(t("next_review"), null, { kind: "accent wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const account = new FormData(event.target).get("account");
    busy(next, problem, async () => {
      const payment = await create(ids, account);
      go(`/app/payments/${payment.id}`, { replace: true });
    });
  };
  return el("form", { class: "card", on: { submit } },
    el("fieldset", { class: "choices" }, el("legend", {}, el("h2", {}, t("choose_account"))),
      accounts.map((account, place) => el("label", { class: "choice" },
        el("input", { type: "radio", class: "radio", name: "account", value: account.id, checked: place === 0, required: true }),
        icon("bank"), el("span", {}, el("strong", {}, t("bank_of_kaohsiung")), " ", el("span", { class: "mono" }, account.account),
          el("span", { class: "hint" }, t("limit_per_payment"), " ", money(account.per_payment_limit)))))),
    problem, next, link);
}

/** Create the payment under this attempt's key; a first request still running is waited for, never repeated under a new key. */
async function create(billIds, bankLinkId) {
  const body = { bill_ids: billIds, bank_link_id: bankLinkId };
  for (let round = 0; ; round += 1) {
    try {
      return await call("POST", "/v1/payments", { body, key: creationKey(billIds, bankLinkId) });
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
