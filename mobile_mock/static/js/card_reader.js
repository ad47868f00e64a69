// The card reader: a program on the citizen's own computer that this page asks. The PIN goes there and nowhere else.
import { state } from "./state.js";

/** No reader's program answers on this computer. */
export class NoReader extends Error {}

/** The PIN is wrong; with no tries left the card is blocked. */
export class PinRefused extends Error {
  constructor(triesLeft) {
    super("PIN refused");
    this.triesLeft = triesLeft;
  }
}

/** The cards that lie in it: [{card, name, tries_left}]. Raises NoReader. */
export async function cardsInReader(signal) {
  const { cards } = await ask("/cards", { signal });
  return cards;
}

/** Have the card sign `toBeSigned` (base64). Answers {signature, algorithm, certificates}. Raises NoReader, PinRefused. */
export async function signWithCard(card, pin, toBeSigned, signal) {
  const body = JSON.stringify({ card, pin, to_be_signed: toBeSigned });
  return ask("/sign", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
}

async function ask(path, request) {
  const { card_reader_url: reader } = state.config;
  if (!reader) throw new NoReader();
  let answer;
  let content;
  try {
    answer = await fetch(reader + path, { ...request, credentials: "omit", cache: "no-store", redirect: "error" });
    content = await answer.json();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new NoReader();
  }
  if (answer.ok) return content;
  if (Number.isInteger(content.tries_left)) throw new PinRefused(content.tries_left);
  throw new NoReader();
}
