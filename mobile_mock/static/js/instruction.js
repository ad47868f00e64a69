// The words a person signs. What is shown is read out of the exact text the server will debit by, and the challenge the
// passkey signs is the hash of that text, computed here. If anything does not fit together, nothing is signed.
import { fromBase64url, sha256, toBase64url } from "./bytes.js";

/** The words and what we were told do not agree; `reason` says which check failed. */
export class WordsDoNotMatch extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Check a payment that awaits its signature. Answers {words, challenge, fingerprint}: the parsed instruction, the bytes to
 * sign, and those bytes in hexadecimal. `personId` is who is signed in. Raises WordsDoNotMatch.
 */
export async function readInstruction(payment, personId) {
  const words = parse(payment.instruction);
  const challenge = await sha256(payment.instruction);
  const sum = words.bills.reduce((total, bill) => total + bill.amount, 0);
  const instrument = payment.card_id || payment.bank_link_id;
  const checks = {
    type: words.type === "mykaohsiung.payment" && words.v === 2 && words.currency === "TWD",
    payment: words.payment === payment.id,
    payer: words.payer === personId,
    sum: Number.isInteger(words.total) && sum + words.fee === words.total,
    bills: words.bills.length > 0 && words.bills.every((bill) => Number.isInteger(bill.amount) && bill.amount > 0),
    points: Number.isInteger(words.points) && words.points >= 0 && words.points <= sum && words.points === payment.points_used,
    shown: words.total === payment.total && words.rail === payment.rail && words.account === payment.account && words.instrument === instrument,
    challenge: toBase64url(fromBase64url(payment.authorization.options.challenge)) === toBase64url(challenge),
  };
  const failed = Object.keys(checks).find((name) => !checks[name]);
  if (failed) throw new WordsDoNotMatch(failed);
  return { words, challenge, fingerprint: [...challenge].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function parse(text) {
  try {
    const words = JSON.parse(text);
    if (Array.isArray(words.bills)) return words;
  } catch {
    throw new WordsDoNotMatch("unreadable");
  }
  throw new WordsDoNotMatch("unreadable");
}
