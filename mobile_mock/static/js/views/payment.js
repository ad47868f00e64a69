// One payment from the words to sign to its end. Whatever happens in between (reload, no network, no answer from the bank),
// this screen finds out where the payment stands by asking, and never starts a second one.
import { FINAL, endAuthorization, endCreation, keepAuthorization, keptAuthorization } from "../attempts.js";
import { Refusal, Unreached, call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentElement, money, moneySpoken } from "../format.js";
import { icon } from "../icons.js";
import { readInstruction, WordsDoNotMatch } from "../instruction.js";
import { t } from "../language.js";
import { button, buttonLink, confirmed, facts, heading, notice, problemPanel } from "../parts.js";
import { signChallenge } from "../passkeys.js";
import { state } from "../state.js";
import { wordsToSign } from "./words_to_sign.js";

const ASK_AGAIN_MS = [1000, 1000, 2000, 2000, 3000, 5000];
const POINTS_ASKED_FOR = 8;
const LINK_AGAIN = new Set(["mandate_revoked", "mandate_not_found", "limit_exceeded", "account_closed"]);

export async function payment({ path, signal }) {
  const address = `/v1/payments/${encodeURIComponent(path.id)}`;
  const current = await call("GET", address, { signal });
  const place = el("div", { class: "payment" });
  const screen = { address, place, signal, load: () => call("GET", address, { signal }) };
  await draw(screen, current);
  return { title: t("payment_title"), content: [place] };
}

async function draw(screen, current) {
  if (FINAL.has(current.status)) {
    endCreation();
    endAuthorization(current.id);
  }
  const drawers = { awaiting_authorization: review, debiting: waiting, unknown: waiting, captured: paid, refunded: paid, failed, cancelled: ended, expired: ended };
  await drawers[current.status](screen, current);
}

/** Draw again after something changed, and move the reader there. */
async function redraw(screen, current) {
  if (screen.signal.aborted) return;
  await draw(screen, current);
  focusOn(screen.place.querySelector("h1"));
}

async function review(screen, current) {
  if (keptAuthorization(current.id)) return resume(screen, current);
  let instruction;
  try {
    instruction = await readInstruction(current, state.me.id);
  } catch (failure) {
    if (!(failure instanceof WordsDoNotMatch)) throw failure;
    return refuseToSign(screen, current, failure);
  }
  const problem = el("div");
  const sign = button([t("sign_and_pay"), " ", money(instruction.words.total)], () => authorize(screen, current, instruction.challenge, sign, problem),
    { kind: "accent wide tall", iconName: "finger" });
  const cancel = button(t("cancel_payment"), () => cancelPayment(screen, problem), { kind: "quiet wide" });
  return fill(screen.place,
    heading(t("review_title"), { back: "/app", backText: t("bills_title") }),
    el("p", { class: "step" }, t("step_of", { step: 2, of: 2 })),
    wordsToSign(current, instruction, state.me),
    el("div", { class: "sign-off" }, problem, sign), el("p", { class: "hint centre" }, t("sign_hint")), cancel);
}

function refuseToSign(screen, current, failure) {
  announce(t("words_differ"), { urgent: true });
  const problem = el("div");
  return fill(screen.place, heading(t("words_differ"), { back: "/app", backText: t("bills_title") }),
    notice("bad", t("words_differ_refused"), el("p", {}, t("words_differ_detail")), el("p", { class: "mono" }, `${current.id} · ${failure.reason}`)), problem,
    button(t("cancel_payment"), () => cancelPayment(screen, problem), { kind: "quiet wide" }));
}

async function cancelPayment(screen, problem) {
  if (!(await confirmed(t("cancel_payment_ask"), t("cancel_payment_detail"), t("cancel_payment")))) return;
  try {
    await redraw(screen, await call("POST", `${screen.address}/cancellation`, { body: {} }));
  } catch (failure) {
    fill(problem, problemPanel(failure));
  }
}

async function authorize(screen, current, challenge, pressed, problem) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  pressed.classList.add("busy");
  fill(problem);
  try {
    const credential = await signChallenge(current.authorization.options, challenge);
    await deliver(screen, current, keepAuthorization(current.id, credential));
  } catch (failure) {
    fill(problem, problemPanel(failure));
  } finally {
    pressed.removeAttribute("aria-disabled");
    pressed.classList.remove("busy");
  }
}

/** After a reload: what was signed before may or may not have arrived. Sent again under its own key, it counts once. */
function resume(screen, current) {
  drawWaiting(screen, current, "waiting_title", "waiting_detail");
  deliver(screen, current, keptAuthorization(current.id)).catch((failure) => {
    if (!screen.signal.aborted) fill(screen.place, heading(t("went_wrong"), { back: "/app" }), problemPanel(failure, { retry: () => follow(screen, current, 0) }));
  });
}

/** Hand in the signature and go where the payment goes. Without an answer the payment is asked after, never given up. */
async function deliver(screen, current, { key, credential }) {
  drawWaiting(screen, current, "waiting_title", "waiting_detail");
  focusOn(screen.place.querySelector("h1"));
  try {
    const answered = await call("POST", `${screen.address}/authorization`, { body: { credential }, key, signal: screen.signal });
    await redraw(screen, answered);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    const isOpen = failure instanceof Unreached || (failure instanceof Refusal && (failure.status >= 500 || failure.slug === "idempotency-in-progress"));
    if (isOpen) {
      drawWaiting(screen, current, failure instanceof Unreached ? "offline_title" : "waiting_title", "unknown_detail");
      follow(screen, current, 0);
      return;
    }
    endAuthorization(current.id);
    const fresh = await screen.load();
    await redraw(screen, fresh);
    (screen.place.querySelector(".sign-off") || screen.place).prepend(problemPanel(failure));
  }
}

async function waiting(screen, current) {
  if (current.status === "unknown") drawWaiting(screen, current, "unknown_title", "unknown_detail");
  else drawWaiting(screen, current, "waiting_title", "waiting_detail");
  follow(screen, current, 0);
}

function drawWaiting(screen, current, titleKey, detailKey) {
  announce(`${t(titleKey)}。${t(detailKey)}`);
  fill(screen.place, el("section", { class: "outcome waiting" }, el("div", { class: "waves" }, icon("wait")),
    el("h1", {}, t(titleKey)), el("p", { class: "figure" }, money(current.total)), el("p", {}, t(detailKey)),
    el("p", { class: "hint" }, t("may_leave"))));
}

/** Ask where the payment stands, again and again while this screen is open. */
function follow(screen, current, round) {
  const delay = ASK_AGAIN_MS[Math.min(round, ASK_AGAIN_MS.length - 1)];
  const timer = window.setTimeout(async () => {
    try {
      const fresh = await screen.load();
      if (screen.signal.aborted) return;
      const moved = fresh.status !== current.status || (fresh.status === "awaiting_authorization" && keptAuthorization(current.id));
      if (moved) await redraw(screen, fresh);
      else follow(screen, fresh, round + 1);
    } catch (failure) {
      if (failure.name !== "AbortError" && !screen.signal.aborted) follow(screen, current, round + 1);
    }
  }, delay);
  screen.signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
}

async function paid(screen, current) {
  announce(t("paid_spoken", { amount: moneySpoken(current.total) }));
  const earned = el("div", { class: "points-place" });
  const refunds = (await call("GET", `${screen.address}/refunds`, { signal: screen.signal })).items;
  fill(screen.place,
    el("section", { class: "outcome good" }, el("div", { class: "seal" }, icon("check")),
      el("h1", {}, t(current.status === "refunded" ? "refunded_title" : "paid_title")), el("p", { class: "figure" }, money(current.total)),
      el("p", {}, t("paid_detail", { n: current.bills.length, account: current.account })),
      earned),
    refunds.map(refund),
    el("div", { class: "actions column" },
      buttonLink(t("see_receipt"), `/app/payments/${current.id}/receipt`, { kind: "primary wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })));
  if (current.status === "captured") showPoints(screen, current, earned, POINTS_ASKED_FOR);
}

/** Points are granted a moment after the money has moved; they are shown when they come. */
function showPoints(screen, current, place, roundsLeft) {
  if (current.points) {
    fill(place, el("p", { class: "points-earned" }, icon("points"), t("points_earned", { n: current.points })));
  } else if (roundsLeft > 0) {
    const timer = window.setTimeout(() => {
      screen.load().then((fresh) => showPoints(screen, fresh, place, roundsLeft - 1)).catch(() => {});
    }, ASK_AGAIN_MS[0]);
    screen.signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  }
}

/** Money that came back, or is on its way. */
export function refund(item) {
  return el("section", { class: "card refund" }, el("h2", {}, icon("undo"), t(item.completed_at ? "refund_done" : "refund_coming")),
    facts([
      [t("amount"), money(item.amount + (item.fee_refunded || 0), "strong")],
      [t("refund_reason"), item.message],
      item.account && [t("account"), el("span", { class: "mono" }, item.account)],
      [t("when"), momentElement(item.completed_at || item.created_at)],
    ]));
}

async function failed(screen, current) {
  const { code, message } = current.failure;
  announce(`${t("failed_title")}。${message}`, { urgent: true });
  const again = `/app/pay?bills=${current.bills.map((bill) => bill.bill_id).join(",")}`;
  fill(screen.place,
    el("section", { class: "outcome bad" }, el("div", { class: "seal" }, icon("cross")), el("h1", {}, t("failed_title")),
      el("p", { class: "failed-words" }, message), el("p", {}, t("failed_nothing_taken"))),
    el("div", { class: "actions column" },
      buttonLink(t("pay_again"), again, { kind: "primary wide" }),
      LINK_AGAIN.has(code) && buttonLink(t("banks_title"), "/app/me/banks", { kind: "quiet wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })),
    el("p", { class: "hint centre" }, t("failed_help")));
}

async function ended(screen, current) {
  fill(screen.place,
    el("section", { class: "outcome" }, el("div", { class: "seal calm" }, icon(current.status === "expired" ? "clock" : "cross")),
      el("h1", {}, t(`status_${current.status}`)), el("p", {}, t(`${current.status}_detail`))),
    el("div", { class: "actions column" },
      buttonLink(t("pay_again"), `/app/pay?bills=${current.bills.map((bill) => bill.bill_id).join(",")}`, { kind: "primary wide" }),
      buttonLink(t("to_bills"), "/app", { kind: "quiet wide" })));
}
