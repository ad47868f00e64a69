// What a phone shows: 24 digits of which the last two are check digits (ISO 7064 MOD 97-10).

const LENGTH = 24;

/** What was scanned or typed, without blanks and dashes. */
export function digitsOf(text) {
  return text.normalize("NFKC").replace(/[\s-]/g, "");
}

/** Whether these are 24 digits whose check digits fit: seen here, a misread code costs no request. */
export function isPayCode(digits) {
  return new RegExp(`^[0-9]{${LENGTH}}$`).test(digits) && BigInt(digits) % 97n === 1n;
}

/** A scanner types wherever the place is: {amount, code}, where a code stands at the end of what was typed as an amount. */
export function amountAndCode(text) {
  const digits = digitsOf(text);
  const code = digits.slice(-LENGTH);
  return digits.length >= LENGTH && isPayCode(code) ? { amount: digits.slice(0, -LENGTH), code } : { amount: digits, code: null };
}
