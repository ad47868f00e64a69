// Money that goes back: each step of it with its date, another account where it did not arrive, and asking for it.
import { Refusal, call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { dateText, momentElement, money, number } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, facts, fieldError, heading, mark, notice } from "../parts.js";
import { instrumentName, railName } from "../rails.js";
import { steps } from "./timeline.js";

const TONES = { requested: ["info", "wait"], unknown: ["info", "wait"], pending: ["info", "wait"], completed: ["good", "check"], failed: ["bad", "overdue"] };
const ASK_AGAIN_MS = 2500;
const ASKED_FOR = 12;
const REASONS = ["duplicate", "bill_withdrawn", "wrong_amount"];

/** A card for each refund of this payment; what is on its way is asked after while the screen is open. */
export function refundCards(items, payment, signal) {
  const isNamed = Boolean(payment.bank_link_id || payment.card_id);
  return items.map((item) => {
    const card = el("section", { class: "card refund" });
    draw(card, item, isNamed);
    follow(card, item, isNamed, signal, 0);
    return card;
  });
}

function follow(card, item, isNamed, signal, round) {
  if (!["requested", "unknown"].includes(item.status) || round >= ASKED_FOR) return;
  const timer = window.setTimeout(async () => {
    const fresh = await call("GET", `/v1/refunds/${item.id}`, { signal }).catch(() => item);
    if (signal.aborted) return;
    if (fresh.status !== item.status) {
      draw(card, fresh, isNamed);
      announce(fresh.status_text);
    }
    follow(card, fresh, isNamed, signal, round + 1);
  }, ASK_AGAIN_MS);
  signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
}

function draw(card, item, isNamed) {
  const [tone, iconName] = TONES[item.status];
  const inMoney = item.amount + item.fee_refunded - item.in_points;
  fill(card, el("h2", {}, icon("undo"), t("refund_title")), el("p", {}, mark(tone, item.status_text, iconName)),
    facts([
      inMoney > 0 && [t("amount"), money(inMoney, "strong")],
      item.in_points > 0 && [t("refund_in_points"), t("points_amount", { n: number(item.in_points) })],
      item.fee_refunded > 0 && [t("refund_with_fee"), money(item.fee_refunded)],
      [t("refund_reason"), item.message],
      [t("refund_to"), item.rail === "points" ? railName("points") : instrumentName(item.rail === "credit_order" ? "bank_of_kaohsiung" : item.rail,
        (isNamed || item.rail === "credit_order") && item.account)],
      item.completed_at ? [t("refund_done_at"), momentElement(item.completed_at)] : item.expected_on && item.status !== "failed" && [t("refund_expected"), dateText(item.expected_on)],
    ]),
    item.failure && notice("bad", item.failure.message),
    item.can_choose_account && accountChooser(card, item),
    el("details", {}, el("summary", {}, t("refund_steps")), steps(item.steps)));
}

/** For a refund that did not arrive: another account of one's own at the city's bank. */
function accountChooser(card, item) {
  const place = el("div");
  const problem = el("div");
  const key = randomText();
  const open = button(t("refund_choose_account"), () => busy(open, problem, async () => {
    const { items } = await call("GET", "/v1/bank-links");
    const proven = items.filter((link) => link.bank === "bank_of_kaohsiung" && link.status === "active");
    open.hidden = true;
    if (proven.length === 0) {
      fill(place, el("p", {}, t("refund_no_account")), buttonLink(t("banks_title"), "/app/me/banks", { kind: "small" }));
      return;
    }
    const form = accountForm(proven, t("refund_send_there"), async (linkId) => {
      const fresh = await call("POST", `/v1/refunds/${item.id}/account`, { body: { bank_link_id: linkId }, key });
      announce(fresh.status_text);
      draw(card, fresh, true);
    });
    fill(place, form);
    focusOn(form.querySelector("input"));
  }), { kind: "primary wide" });
  return [place, problem, open];
}

/** Choose one of `links`; `send(linkId)` does what the button says. */
export function accountForm(links, sendText, send) {
  const problem = el("div");
  const press = button(sendText, null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const linkId = new FormData(event.target).get("account");
    busy(press, problem, () => send(linkId));
  };
  return el("form", { on: { submit } }, el("fieldset", { class: "choices" }, el("legend", {}, t("choose_account")),
    links.map((link, place) => el("label", { class: "choice" }, el("input", { type: "radio", class: "radio", name: "account", value: link.id, checked: place === 0 }),
      icon("bank"), el("span", {}, el("strong", {}, link.name || link.bank_name), " ", el("span", { class: "mono" }, link.account))))), problem, press);
}

/** Ask for money back: which bill, and why; the reason is held against the bureau's own register. */
export async function askRefund({ path, signal }) {
  const address = `/v1/payments/${encodeURIComponent(path.id)}`;
  const payment = await call("GET", address, { signal });
  const title = t("ask_refund_title");
  const back = `/app/payments/${payment.id}`;
  const key = randomText();
  const place = el("div");
  const problem = el("div");
  const missing = fieldError();
  const send = button(t("ask_refund_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const chosen = new FormData(event.target);
    missing.say(chosen.get("reason") ? "" : t("ask_refund_missing"));
    if (!chosen.get("reason")) return event.target.querySelector("input[name=reason]").focus();
    return busy(send, problem, async () => {
      const body = { bill_id: chosen.get("bill"), reason: chosen.get("reason") };
      try {
        const item = await call("POST", `${address}/refunds`, { body, key: `${key}.${body.bill_id.slice(-8)}.${body.reason}` });
        const done = el("h1", {}, t("ask_refund_done"));
        announce(t("ask_refund_done"));
        fill(place, el("header", { class: "heading" }, done), refundCards([item], payment, signal), buttonLink(t("see_payment"), back, { kind: "primary wide" }));
        focusOn(done);
      } catch (failure) {
        if (!(failure instanceof Refusal && failure.slug === "refund-not-allowed")) throw failure;
        fill(problem, notice("warn", failure.title, el("p", {}, failure.detail || t("ask_refund_refused"))));
      }
    });
  };
  fill(place, heading(title, { back, backText: t("see_payment") }), el("p", { class: "lead" }, t("ask_refund_detail")),
    el("form", { class: "card form", novalidate: true, on: { submit } },
      el("fieldset", { class: "choices" }, el("legend", {}, t("ask_refund_bill")), payment.bills.map((bill, index) => el("label", { class: "choice split" },
        el("input", { type: "radio", class: "radio", name: "bill", value: bill.bill_id, checked: index === 0 }),
        el("span", {}, bill.description, " ", el("span", { class: "mono fine-print" }, bill.number)), money(bill.amount)))),
      el("fieldset", { class: "choices", "aria-describedby": missing.id }, el("legend", {}, t("refund_reason")), REASONS.map((reason) => el("label", { class: "choice" },
        el("input", { type: "radio", class: "radio", name: "reason", value: reason }),
        el("span", {}, t(`refund_reason_${reason}`), el("span", { class: "hint" }, t(`refund_reason_${reason}_hint`)))))),
      missing.element, problem, send));
  return { title, content: [place] };
}
