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
 * sign, and those bytes in hexadecimal. `personId` is who is signed in, `forId` whom they act for (null: nobody). Raises
 * WordsDoNotMatch.
 */
export async function readInstruction(payment, personId, forId) {
  const words = parse(payment.instruction);
  if (!Array.isArray(words.bills)) throw new WordsDoNotMatch("unreadable");
  const challenge = await sha256(payment.instruction);
  const sum = words.bills.reduce((total, bill) => total + bill.amount, 0);
  const instrument = payment.card_id || payment.bank_link_id;
  const checks = {
    type: words.type === "mykaohsiung.payment" && words.v === 2 && words.currency === "TWD",
    payment: words.payment === payment.id,
    payer: words.payer === personId,
    for: (words.for ?? null) === forId,
    sum: Number.isInteger(words.total) && sum + words.fee === words.total,
    bills: words.bills.length > 0 && words.bills.every((bill) => Number.isInteger(bill.amount) && bill.amount > 0),
    points: Number.isInteger(words.points) && words.points >= 0 && words.points <= sum && words.points === payment.points_used,
    shown: words.total === payment.total && words.rail === payment.rail && words.account === payment.account && words.instrument === instrument,
    challenge: isChallenge(payment, challenge),
  };
  return held(checks, words, challenge);
}

/** The same for the standing words of automatic debit; `asked` is what the person chose: {bank_link_id, per_bill_cap, monthly_cap}. */
export async function readStandingInstruction(proposal, asked, personId) {
  const words = parse(proposal.instruction);
  const challenge = await sha256(proposal.instruction);
  const checks = {
    type: words.type === "mykaohsiung.automatic_debit" && words.v === 1 && words.currency === "TWD" && words.what === "parking",
    id: words.id === proposal.id,
    payer: words.payer === personId,
    asked: words.instrument === asked.bank_link_id && words.per_bill_cap === asked.per_bill_cap && words.monthly_cap === asked.monthly_cap,
    shown: words.rail === "bank_of_kaohsiung" && words.account === proposal.account,
    challenge: isChallenge(proposal, challenge),
  };
  return held(checks, words, challenge);
}

function isChallenge(answer, challenge) {
  return toBase64url(fromBase64url(answer.authorization.options.challenge)) === toBase64url(challenge);
}

function held(checks, words, challenge) {
  const failed = Object.keys(checks).find((name) => !checks[name]);
  if (failed) throw new WordsDoNotMatch(failed);
  return { words, challenge, fingerprint: [...challenge].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function parse(text) {
  try {
    const words = JSON.parse(text);
    if (words && typeof words === "object") return words;
  } catch {
    throw new WordsDoNotMatch("unreadable");
  }
  throw new WordsDoNotMatch("unreadable");
}
