// The one way to the API: same origin, the till's cookie, never cached, in the cashier's language, and never waiting for long.
import { language } from "./words.js";

const PATIENCE_MS = 8000;
const TURNS_AWAY = ["nobody-at-the-till", "till-not-in-use"];

/** The API said no, in words meant for people (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.title || String(status));
    this.status = status;
    this.title = problem.title || "";
    this.detail = problem.detail || "";
    this.slug = String(problem.type || "").split("/").pop();
  }
}

/** Nothing came back in time, or the server is out of order. Whether it acted is not known. */
export class Unreached extends Error {}

let onReached = () => {};
let onTurnedAway = () => {};

/** `reached(isReached)` after every request; `turnedAway(slug)` when this device is no till any more, nobody is at it, or its shop takes no points. */
export function whenAnswered({ reached, turnedAway }) {
  onReached = reached;
  onTurnedAway = turnedAway;
}

/** Answers the JSON (null for 204). Raises Refusal, Unreached, or AbortError (the screen was left). `quiet` leaves being turned away to the caller. */
export async function call(method, path, { body, key, signal, quiet = false } = {}) {
  const headers = { Accept: "application/json, application/problem+json", "Accept-Language": language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  let content = null;
  try {
    answer = await fetch(path, {
      method, headers, signal: signal ? anyOf(signal, patience) : patience, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status !== 204) content = await answer.json();
  } catch (failure) {
    if (signal?.aborted) throw new DOMException("left", "AbortError");
    if (!answer || answer.ok || answer.status >= 500) { onReached(false); throw new Unreached(); }
    content = {};
  }
  if (answer.status >= 500) { onReached(false); throw new Unreached(); }
  onReached(true);
  if (answer.ok) return content;
  const refusal = new Refusal(answer.status, content);
  if (!quiet && (answer.status === 401 || TURNS_AWAY.includes(refusal.slug))) onTurnedAway(refusal.slug);
  throw refusal;
}

function anyOf(...signals) {
  const either = new AbortController();
  for (const each of signals) {
    if (each.aborted) either.abort();
    each.addEventListener("abort", () => either.abort(), { once: true });
  }
  return either.signal;
}
