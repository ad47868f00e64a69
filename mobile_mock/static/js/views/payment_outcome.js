// How a payment ended: paid (for good, or so far), not paid, stopped, or taken back.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dateText, momentElement, money, moneySpoken, number } from "../format.js";
import { icon } from "../icons.js";
import { sentences, t } from "../language.js";
import { buttonLink, notice } from "../parts.js";
import { BANKS, paidBy } from "../rails.js";
import { refundCards } from "./refunds.js";
import { timeline } from "./timeline.js";

const POINTS_ASKED_FOR = 8;
const POINTS_AGAIN_MS = 1000;
const LINK_AGAIN = new Set(["mandate_revoked", "mandate_not_found", "limit_exceeded", "account_closed"]);

/** Captured, provisional, or given back. `screen` is {address, place, signal, load}. */
export async function paid(screen, current) {
  const isGone = current.status === "refunded";
  const isProvisional = current.status === "provisional";
  const title = t(isGone ? "refunded_title" : isProvisional ? "provisional_title" : "paid_title");
  announce(`${title}，${moneySpoken(current.total)}`);
  const earned = el("div", { class: "points-place" });
  const refunds = (await call("GET", `${screen.address}/refunds`, { signal: screen.signal })).items;
  const inMoney = current.total - current.points_used;
  fill(screen.place,
    el("section", { class: `outcome ${isGone ? "" : "good"}` }, el("div", { class: `seal ${isGone ? "calm" : ""}` }, icon(isGone ? "undo" : "check")),
      el("h1", {}, title), el("p", { class: "figure" }, money(current.total)),
      el("p", {}, t("payment_of", { n: current.bills.length }), " · ", paidBy(current)),
      current.points_used > 0 && inMoney > 0 && el("p", {}, t("points_and_money", { n: number(current.points_used), amount: number(inMoney) })),
      current.initiated_by === "automatic_debit" && el("p", { class: "hint" }, t("by_automatic_debit")),
      earned),
    isProvisional && notice("warn", t("provisional_until", { date: dateText(current.final_on) }), el("p", {}, t("provisional_detail"))),
    refundCards(refunds, current, screen.signal),
    el("div", { class: "actions column" },
      buttonLink(t("see_receipt"), `/app/payments/${current.id}/receipt`, { kind: "primary wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })),
    timeline(`${screen.address}/events`, screen.signal),
    current.status === "captured" && el("p", { class: "centre" }, el("a", { class: "link", href: `/app/payments/${current.id}/refund` }, t("ask_refund_link"))));
  if (!isGone) showPoints(screen, current, earned, POINTS_ASKED_FOR);
}

/** Points are granted a moment after the money has moved; they are shown when they come. */
function showPoints(screen, current, place, roundsLeft) {
  if (current.points) {
    fill(place, el("p", { class: "points-earned" }, icon("points"), t("points_earned", { n: current.points })));
  } else if (roundsLeft > 0) {
    const timer = window.setTimeout(() => {
      screen.load().then((fresh) => showPoints(screen, fresh, place, roundsLeft - 1)).catch(() => {});
    }, POINTS_AGAIN_MS);
    screen.signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  }
}

/** Nothing was taken. */
export async function failed(screen, current) {
  const { code, message } = current.failure;
  announce(sentences(t("failed_title"), message), { urgent: true });
  fill(screen.place,
    el("section", { class: "outcome bad" }, el("div", { class: "seal" }, icon("cross")), el("h1", {}, t("failed_title")),
      el("p", { class: "failed-words" }, message), el("p", {}, t("failed_nothing_taken"))),
    el("div", { class: "actions column" },
      buttonLink(t("pay_again"), payAgain(current), { kind: "primary wide" }),
      LINK_AGAIN.has(code) && BANKS.has(current.rail) && buttonLink(t("banks_title"), "/app/me/banks", { kind: "quiet wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })),
    timeline(`${screen.address}/events`, screen.signal),
    el("p", { class: "hint centre" }, t("failed_help")));
}

/** Cancelled, or not confirmed in time. */
export async function ended(screen, current) {
  fill(screen.place,
    el("section", { class: "outcome" }, el("div", { class: "seal calm" }, icon(current.status === "expired" ? "clock" : "cross")),
      el("h1", {}, t(`status_${current.status}`)), el("p", {}, t(`${current.status}_detail`))),
    el("div", { class: "actions column" },
      buttonLink(t("pay_again"), payAgain(current), { kind: "primary wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })));
}

/** It had counted as paid, and the bank or the card's bank took the money back. */
export async function takenBack(screen, current) {
  announce(t(`${current.status}_title`), { urgent: true });
  const refunds = (await call("GET", `${screen.address}/refunds`, { signal: screen.signal })).items;
  fill(screen.place,
    el("section", { class: "outcome bad" }, el("div", { class: "seal" }, icon("undo")), el("h1", {}, t(`${current.status}_title`)),
      el("p", { class: "figure" }, money(current.total)), el("p", {}, paidBy(current)),
      current.undone_at && el("p", { class: "hint" }, momentElement(current.undone_at))),
    notice("warn", t("taken_back_bills"), el("p", {}, t(`${current.status}_detail`))),
    refundCards(refunds, current, screen.signal),
    el("div", { class: "actions column" },
      buttonLink(t("pay_again"), payAgain(current), { kind: "primary wide" }),
      buttonLink(t("see_receipt"), `/app/payments/${current.id}/receipt`, { kind: "quiet wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })),
    timeline(`${screen.address}/events`, screen.signal));
}

function payAgain(current) {
  return `/app/pay?bills=${current.bills.map((bill) => bill.bill_id).join(",")}`;
}
