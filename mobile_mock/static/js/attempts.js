// One attempt keeps one Idempotency-Key until it is over, through reloads and broken connections: asking again can then
// never pay twice. Kept in the tab's session storage, gone when the tab closes.
import { randomText } from "./bytes.js";

const CREATION = "phone.attempt.creation";
const AUTHORIZATION = "phone.attempt.authorization.";
const COMPLETION = "phone.attempt.completion.";
export const FINAL = new Set(["captured", "provisional", "failed", "cancelled", "expired", "refunded", "returned", "charged_back"]);

/** The key for `request` as the attempt called `name`: the same one until `endAttempt`, another for another request. */
export function attemptKey(name, request) {
  return keyFor(`phone.attempt.${name}`, request);
}

export function endAttempt(name) {
  window.sessionStorage.removeItem(`phone.attempt.${name}`);
}

/** The key for this request to pay: the same one until `endCreation`. */
export function creationKey(body) {
  return keyFor(CREATION, { ...body, bill_ids: [...body.bill_ids].sort() });
}

export function endCreation() {
  window.sessionStorage.removeItem(CREATION);
}

/** Remember the signed words of a payment before they are sent: {key, credential}. */
export function keepAuthorization(paymentId, credential) {
  const attempt = { key: randomText(), credential };
  write(AUTHORIZATION + paymentId, attempt);
  return attempt;
}

/** What was signed and perhaps sent, or null. */
export function keptAuthorization(paymentId) {
  return read(AUTHORIZATION + paymentId);
}

export function endAuthorization(paymentId) {
  window.sessionStorage.removeItem(AUTHORIZATION + paymentId);
}

/** The key for handing in what the card's bank or the wallet sent back: one for each answer, however often it is sent. */
export function completionKey(paymentId, result) {
  return keyFor(COMPLETION + paymentId, result);
}

function keyFor(name, request) {
  const wanted = JSON.stringify(request);
  const kept = read(name);
  if (kept?.wanted === wanted) return kept.key;
  const key = randomText();
  write(name, { wanted, key });
  return key;
}

function read(name) {
  try {
    return JSON.parse(window.sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

function write(name, value) {
  window.sessionStorage.setItem(name, JSON.stringify(value));
}
