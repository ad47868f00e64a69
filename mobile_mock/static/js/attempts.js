// One attempt to pay keeps one Idempotency-Key until it is over, through reloads and broken connections:
// asking again can then never pay twice. Kept in the tab's session storage, gone when the tab closes.
import { randomText } from "./bytes.js";

const CREATION = "phone.attempt.creation";
const AUTHORIZATION = "phone.attempt.authorization.";
export const FINAL = new Set(["captured", "failed", "cancelled", "expired", "refunded"]);

/** The key for paying exactly these bills from this account: the same one until `endCreation`. */
export function creationKey(billIds, bankLinkId) {
  const wanted = JSON.stringify([[...billIds].sort(), bankLinkId]);
  const kept = read(CREATION);
  if (kept?.wanted === wanted) return kept.key;
  const key = randomText();
  write(CREATION, { wanted, key });
  return key;
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
