// Asking for points, so that they are never taken twice: what is asked is written down before it is sent, with its Idempotency-Key and its own
// number, and stays written down until there is an answer. See docs/till.md, "When the network goes between asking and answering".
import { Refusal, Unreached, call } from "./api.js";

const KEPT = "till.asks";
// A code lives a minute at the most: a request that arrives later than this is refused as out of date.
const CODE_IS_OVER_MS = 90_000;
const UNDOABLE = ["done", "awaiting_citizen", "held"];

/** What was asked and not answered yet, oldest first: {key, body, askedAt, sentAt, isGivenUp}. */
export function unanswered() {
  try {
    return JSON.parse(window.localStorage.getItem(KEPT)) || [];
  } catch {
    return [];
  }
}

function keep(asks) {
  window.localStorage.setItem(KEPT, JSON.stringify(asks));
}

function update(ask) {
  keep(unanswered().map((each) => (each.key === ask.key ? ask : each)));
}

function forget(ask) {
  keep(unanswered().filter(({ key }) => key !== ask.key));
}

/** Write down what is about to be asked: {code, points, sale_twd, offer_id}. */
export function begin(sale) {
  const ask = { key: crypto.randomUUID(), body: { ...sale, reference: crypto.randomUUID() }, askedAt: Date.now(), sentAt: 0, isGivenUp: false };
  keep([...unanswered(), ask]);
  return ask;
}

/** Send it, for the first time or again: the same ask, of which at most one redemption comes. Raises Unreached, and Refusal when nothing was taken. */
export async function send(ask) {
  update({ ...ask, sentAt: Date.now() });
  try {
    const redemption = await call("POST", "/v1/merchant/redemptions", { body: ask.body, key: ask.key });
    forget(ask);
    return redemption;
  } catch (failure) {
    if (failure instanceof Refusal && !isStillOpen(failure)) {
      forget(ask);
      throw failure;
    }
    if (failure instanceof Refusal && failure.status !== 401 && failure.status !== 403) throw new Unreached();
    throw failure;
  }
}

/** Signed out, still at work, or asked too fast: the request itself has not been answered. */
function isStillOpen({ status, slug }) {
  return status === 401 || status === 403 || slug === "idempotency-in-progress" || (status === 429 && slug !== "till-too-many-wrong-tries");
}

/** The customer pays in another way: whatever became of this one is undone as soon as that is known. */
export function giveUp(ask) {
  update({ ...ask, isGivenUp: true });
}

/**
 * Find out what became of what was given up, and undo it. Answers {ask, outcome} for each that is over now: undone, never (it did not arrive, or
 * took nothing), or kept (it was done and cannot be undone here). The others stay for the next time.
 */
export async function settleGivenUp() {
  const over = [];
  for (const ask of unanswered().filter(({ isGivenUp }) => isGivenUp)) {
    try {
      const { items: [found] } = await call("GET", `/v1/merchant/redemptions?reference=${ask.body.reference}`, { quiet: true });
      if (!found && Date.now() - ask.sentAt < CODE_IS_OVER_MS) continue;
      over.push({ ask, outcome: found && UNDOABLE.includes(found.status) ? await undo(ask, found) : "never" });
      forget(ask);
    } catch (failure) {
      if (failure instanceof Unreached || failure.status === 401 || failure.status === 403) return over;
      throw failure;
    }
  }
  return over;
}

async function undo(ask, found) {
  try {
    await call("POST", `/v1/merchant/redemptions/${found.id}/void`, { key: `void-${ask.key}`, quiet: true });
    return "undone";
  } catch (failure) {
    if (failure instanceof Refusal && failure.status !== 401) return "kept";
    throw failure;
  }
}
