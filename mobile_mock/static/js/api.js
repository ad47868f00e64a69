// The one way to the API: same origin, cookie session, never cached, in the person's language.
import { nameFor, startActing, stopActing } from "./acting.js";
import { language } from "./language.js";

/** The API said no, in words meant for the person (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem, retryAfterSeconds) {
    super(problem.title || String(status));
    this.status = status;
    this.title = problem.title || "";
    this.detail = problem.detail || "";
    this.slug = String(problem.type || "").split("/").pop();
    this.fields = problem.errors || [];
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nothing came back: no network, or the connection broke. Whether the server acted is not known. */
export class Unreached extends Error {}

/** The person turned down a confirmation we asked for. */
export class Declined extends Error {}

let askForMoreProof = async () => { throw new Declined(); };
let onSignedOut = () => {};
let onReached = () => {};

/**
 * What to do on RFC 9470 step-up (`prove({acr, isPhishingResistant})` resolves when a stronger session stands), when the
 * session is gone, and when the server was reached or not (`reached(true | false)`).
 */
export function configureCalls({ prove, signedOut, reached }) {
  askForMoreProof = prove;
  onSignedOut = signedOut;
  onReached = reached;
}

/**
 * Ask the API. `body` is sent as JSON, `key` as Idempotency-Key, `version` as If-Match. Answers the JSON (null for 204).
 * Raises Refusal, Unreached, Declined (step-up turned down) or AbortError (the screen was left). With `mayAsk: false` a
 * step-up that is asked for is a Refusal. `inNameOf` is the delegation in whose name it is asked; null: one's own.
 * `onVersion` is told the version that stands in ETag: for the If-Match of the next change. With `outlivesPage` it reaches
 * the API although the page is closed meanwhile.
 */
export async function call(method, path, { body, key, version, signal, onVersion, quiet = false, mayAsk = true, outlivesPage = false, inNameOf = nameFor(method, path) } = {}) {
  const sent = { body, key, version, signal, outlivesPage, inNameOf };
  let answer = await send(method, path, sent);
  if (inNameOf && answer.status === 401 && !needsMoreProof(answer)) {
    await actAnew(inNameOf);
    answer = await send(method, path, sent);
  }
  if (answer.status === 401 && mayAsk && needsMoreProof(answer)) {
    const asked = await readJson(answer);
    await askForMoreProof({ acr: asked.acr_values, isPhishingResistant: Boolean(asked.phishing_resistant) });
    // A new session of one's own ends what was done by the old one.
    if (inNameOf) await actAnew(inNameOf);
    answer = await send(method, path, sent);
  }
  if (answer.status === 204) return null;
  const content = await readJson(answer);
  if (answer.ok) {
    onVersion?.((answer.headers.get("ETag") || "").replaceAll('"', ""));
    return content;
  }
  const refusal = new Refusal(answer.status, content, Number(answer.headers.get("Retry-After")) || null);
  if (answer.status === 401 && !quiet && !needsMoreProof(answer)) onSignedOut();
  throw refusal;
}

/** Act for somebody by this delegation, from the session that stands now. Where that is over, this tab is one's own again. */
export async function actAnew(delegationId) {
  try {
    startActing(await call("POST", `/v1/me/delegations/${encodeURIComponent(delegationId)}/session`, { body: { transport: "cookie" }, inNameOf: null }));
  } catch (failure) {
    if (failure instanceof Refusal && failure.status < 500) stopActing();
    throw failure;
  }
}

async function send(method, path, { body, key, version, signal, outlivesPage, inNameOf }) {
  const headers = { Accept: "application/json, application/problem+json", "Accept-Language": language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (inNameOf) headers["Acting-For"] = inNameOf;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  try {
    const answer = await fetch(path, {
      method, headers, signal, keepalive: outlivesPage, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    onReached(true);
    return answer;
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    onReached(false);
    throw new Unreached();
  }
}

function needsMoreProof(answer) {
  return (answer.headers.get("WWW-Authenticate") || "").includes("insufficient_user_authentication");
}

async function readJson(answer) {
  try {
    return await answer.json();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    if (answer.ok) throw new Unreached();
    return {};
  }
}
