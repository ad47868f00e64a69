// The key from which the phone makes its pay codes, also without a network. It is kept on this phone for its ten minutes, in
// a form that no script can read out again.
import { fromBase64url } from "./bytes.js";
import { call } from "./api.js";

const STORE = "key";
const PASSWORD_DIGITS = 10;

/**
 * A new key from the city: {person, number, secret, stepSeconds, clockOffsetMs, renewAfter, onlineUntil, validUntil,
 * offlineMost, confirmAbove}, moments in milliseconds by the city's clock. It is kept until it lapses.
 */
export async function newPayKey(person, { signal } = {}) {
  const given = await call("POST", "/v1/points/pay-codes", { signal });
  const secret = await crypto.subtle.importKey("raw", fromBase64url(given.key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const key = {
    person, secret, number: given.number, stepSeconds: given.step_seconds, clockOffsetMs: given.now_unix * 1000 - Date.now(),
    renewAfter: Date.parse(given.renew_after), onlineUntil: Date.parse(given.online_until), validUntil: Date.parse(given.valid_until),
    offlineMost: given.offline_most, confirmAbove: given.confirm_above,
  };
  await fromStore((store) => store.put(key, "own"), "readwrite");
  return key;
}

/** The key that this phone holds for `person` (whoever it is, where that is not known), or null where it has lapsed. */
export async function keptPayKey(person) {
  const key = await fromStore((store) => store.get("own"));
  return key && (!person || key.person === person) && cityTime(key) < key.validUntil ? key : null;
}

/** This phone makes no codes any more. */
export function forgetPayKey() {
  return fromStore((store) => store.clear(), "readwrite");
}

/** Now, in milliseconds, by the city's clock. */
export function cityTime(key) {
  return Date.now() + key.clockOffsetMs;
}

/** The step of now, and how much of it is left: {step, secondsLeft}. */
export function stepNow(key) {
  const seconds = cityTime(key) / 1000;
  return { step: Math.floor(seconds / key.stepSeconds), secondsLeft: Math.ceil(key.stepSeconds - (seconds % key.stepSeconds)) };
}

/** The 24 digits of a step: the key's number, the password of RFC 6238 with a longer truncation, two check digits (ISO 7064). */
export async function payCode({ number, secret }, step) {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(step));
  const digest = new DataView(await crypto.subtle.sign("HMAC", secret, message));
  const truncated = digest.getBigUint64(digest.getUint8(digest.byteLength - 1) & 15) & (2n ** 63n - 1n);
  const body = number + String(truncated % 10n ** BigInt(PASSWORD_DIGITS)).padStart(PASSWORD_DIGITS, "0");
  return body + String(98n - (BigInt(body) * 100n) % 97n).padStart(2, "0");
}

function fromStore(work, mode = "readonly") {
  return new Promise((resolve, refuse) => {
    const opening = indexedDB.open("pay", 1);
    opening.onupgradeneeded = () => { opening.result.createObjectStore(STORE); };
    opening.onerror = () => refuse(opening.error);
    opening.onsuccess = () => {
      const turn = opening.result.transaction(STORE, mode);
      const asked = work(turn.objectStore(STORE));
      turn.oncomplete = () => { opening.result.close(); resolve(asked.result); };
      turn.onabort = () => { opening.result.close(); refuse(turn.error); };
    };
  });
}
