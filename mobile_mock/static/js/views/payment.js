// One payment from the words to sign to its end. Whatever happens in between (reload, no network, no answer from the bank,
// a visit to the card's bank), this screen finds out where the payment stands by asking, and never starts a second one.
import { FINAL, endAuthorization, endCreation, keepAuthorization, keptAuthorization } from "../attempts.js";
import { acting } from "../acting.js";
import { Refusal, Unreached, call } from "../api.js";
import { randomText } from "../bytes.js";
import { askDeviceWallet } from "../device_wallet.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentElement, money } from "../format.js";
import { icon } from "../icons.js";
import { readInstruction, WordsDoNotMatch } from "../instruction.js";
import { sentences, t } from "../language.js";
import { button, confirmed, heading, notice, problemPanel } from "../parts.js";
import { signChallenge } from "../passkeys.js";
import { BANKS, DEVICE_WALLETS, pageName } from "../rails.js";
import { state } from "../state.js";
import { ended, failed, paid, takenBack } from "./payment_outcome.js";
import { wordsToSign } from "./words_to_sign.js";

const ASK_AGAIN_MS = [1000, 1000, 2000, 2000, 3000, 5000];
const DRAWERS = {
  awaiting_authorization: review, debiting: waiting, unknown: waiting, action_required: elsewhere, captured: paid, provisional: paid,
  refunded: paid, failed, cancelled: ended, expired: ended, returned: takenBack, charged_back: takenBack,
};

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
  await DRAWERS[current.status](screen, current);
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
    instruction = await readInstruction(current, state.me.id, current.delegation_id ? acting()?.sub ?? "" : null);
  } catch (failure) {
    if (!(failure instanceof WordsDoNotMatch)) throw failure;
    return refuseToSign(screen, current, failure);
  }
  const problem = el("div");
  const { words } = instruction;
  const sign = button([t("sign_and_pay"), " ", words.points < words.total && money(words.total - words.points)],
    () => authorize(screen, current, instruction, sign, problem),
    { kind: "accent wide tall", iconName: "finger" });
  const cancel = button(t("cancel_payment"), () => cancelPayment(screen, problem), { kind: "quiet wide" });
  return fill(screen.place,
    heading(t("review_title"), { back: "/app", backText: t("bills_title") }),
    el("p", { class: "step" }, t("step_of", { step: 2, of: 2 })),
    wordsToSign(current, instruction, state.me),
    el("div", { class: "sign-off" }, problem, sign),
    el("p", { class: "hint centre" }, t("sign_hint")),
    leadsElsewhere(current) && el("p", { class: "hint centre" }, t("sign_hint_elsewhere", { name: pageName(current.rail) })), cancel);
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

function leadsElsewhere(current) {
  return ["jkopay", "line_pay"].includes(current.rail) || (current.rail === "card" && !current.card_id);
}

async function authorize(screen, current, { words, challenge }, pressed, problem) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  pressed.classList.add("busy");
  fill(problem);
  try {
    if (DEVICE_WALLETS.has(current.rail)) {
      // The wallet's token is written down nowhere: after a reload the person confirms anew.
      const walletToken = await askDeviceWallet(current.rail, words.total - words.points);
      const credential = await signChallenge(current.authorization.options, challenge);
      await deliver(screen, current, { key: randomText(), credential, walletToken });
    } else {
      const credential = await signChallenge(current.authorization.options, challenge);
      await deliver(screen, current, keepAuthorization(current.id, credential));
    }
  } catch (failure) {
    fill(problem, problemPanel(failure));
  } finally {
    pressed.removeAttribute("aria-disabled");
    pressed.classList.remove("busy");
  }
}

/** After a reload: what was signed before may or may not have arrived. Sent again under its own key, it counts once. */
function resume(screen, current) {
  drawWaiting(screen, current, waitingTitle(current), "waiting_detail");
  deliver(screen, current, keptAuthorization(current.id)).catch((failure) => {
    if (!screen.signal.aborted) fill(screen.place, heading(t("went_wrong"), { back: "/app" }), problemPanel(failure, { retry: () => follow(screen, current, 0) }));
  });
}

/** Hand in the signature and go where the payment goes. Without an answer the payment is asked after, never given up. */
async function deliver(screen, current, { key, credential, walletToken }) {
  drawWaiting(screen, current, waitingTitle(current), "waiting_detail");
  focusOn(screen.place.querySelector("h1"));
  try {
    const body = walletToken ? { credential, wallet_token: walletToken } : { credential };
    const answered = await call("POST", `${screen.address}/authorization`, { body, key, signal: screen.signal, inNameOf: current.delegation_id });
    await redraw(screen, answered);
    if (answered.action && !screen.signal.aborted) leaveFor(answered.action.url);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    const isOpen = failure instanceof Unreached || (failure instanceof Refusal && (failure.status >= 500 || failure.slug === "idempotency-in-progress"));
    if (isOpen) {
      drawWaiting(screen, current, failure instanceof Unreached ? "offline_title" : waitingTitle(current), unknownDetail(current));
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
  if (current.status === "unknown") drawWaiting(screen, current, BANKS.has(current.rail) ? "unknown_title" : "unknown_title_other", unknownDetail(current));
  else drawWaiting(screen, current, waitingTitle(current), "waiting_detail");
  follow(screen, current, 0);
}

function waitingTitle(current) {
  return BANKS.has(current.rail) ? "waiting_title" : "waiting_title_other";
}

function unknownDetail(current) {
  return BANKS.has(current.rail) ? "unknown_detail" : "unknown_detail_other";
}

/** The card's bank or the wallet wants the payer on a page of its own; meanwhile its news may come by another way. */
async function elsewhere(screen, current) {
  endAuthorization(current.id);
  const name = pageName(current.rail);
  announce(t("elsewhere_title", { name }));
  fill(screen.place, el("section", { class: "outcome" }, el("div", { class: "waves" }, icon("phone")),
    el("h1", {}, t("elsewhere_title", { name })), el("p", { class: "figure" }, money(current.total - current.points_used)),
    el("p", {}, t("elsewhere_detail")), el("p", { class: "hint" }, t("valid_until"), " ", momentElement(current.action.expires_at))),
  el("div", { class: "actions column" },
    button(t("elsewhere_go", { name }), () => leaveFor(current.action.url), { kind: "accent wide tall", iconName: "forward" }),
    el("p", { class: "hint centre" }, t("elsewhere_leave"))));
  follow(screen, current, ASK_AGAIN_MS.length);
}

/** Go to the page of the card's bank or wallet, in this tab; it sends the payer back to /app/payment-return. */
function leaveFor(url) {
  const address = new URL(url);
  if (!["https:", "http:"].includes(address.protocol)) throw new TypeError("not a web address");
  window.location.assign(address.href);
}

function drawWaiting(screen, current, titleKey, detailKey) {
  announce(sentences(t(titleKey), t(detailKey)));
  fill(screen.place, el("section", { class: "outcome waiting" }, el("div", { class: "waves" }, icon("wait")),
    el("h1", {}, t(titleKey)), el("p", { class: "figure" }, money(current.total - current.points_used)), el("p", {}, t(detailKey)),
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
