// The one way to the API: same origin, the van's cookie, never cached, in the driver's language, and never waiting for long.
import { language } from "./words.js";

const PATIENCE_MS = 8000;

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
let onSignedOut = () => {};

/** `reached(isReached)` after every request; `signedOut()` when nobody is signed in with this van any more. */
export function whenAnswered({ reached, signedOut }) {
  onReached = reached;
  onSignedOut = signedOut;
}

/** Answers the JSON (null for 204). Raises Refusal or Unreached. `quiet` leaves a 401 to the caller. */
export async function call(method, path, { body, key, quiet = false } = {}) {
  const headers = { Accept: "application/json, application/problem+json", "Accept-Language": language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  let content = null;
  try {
    answer = await fetch(path, {
      method, headers, signal: AbortSignal.timeout(PATIENCE_MS), credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status !== 204) content = await answer.json();
  } catch {
    if (!answer || answer.ok || answer.status >= 500) { onReached(false); throw new Unreached(); }
    content = {};
  }
  if (answer.status >= 500) { onReached(false); throw new Unreached(); }
  onReached(true);
  if (answer.ok) return content;
  if (answer.status === 401 && !quiet) onSignedOut();
  throw new Refusal(answer.status, content);
}
