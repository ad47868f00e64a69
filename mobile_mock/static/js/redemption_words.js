// What a redemption at a shop means for the person, in words.
import { sentences, t } from "./language.js";
import { pointsText } from "./point_words.js";

const TONES = { done: "good", awaiting_citizen: "warn", held: "warn", refused: "bad", expired: "bad", voided: "info" };
const ICONS = { done: "check", awaiting_citizen: "wait", held: "wait", refused: "cross", expired: "clock", voided: "undo" };

export function toneOf(redemption) {
  return TONES[redemption.status];
}

export function iconOf(redemption) {
  return ICONS[redemption.status];
}

/** The chime that goes with it. */
export function soundOf(redemption) {
  if (redemption.status === "done") return "good";
  return redemption.status === "awaiting_citizen" ? "ask" : "bad";
}

/** {title, detail}: what became of it, and why or what follows. */
export function wordsOf(redemption) {
  const values = { points: pointsText(redemption.points), shop: redemption.shop };
  const follows = t(`redemption_${redemption.status}_detail`, values);
  return { title: t(`redemption_${redemption.status}`, values), detail: sentences(redemption.explanation, follows) };
}
