// Check digits of Taiwan's personal numbers, so that a slip of the finger is caught before anything is sent.
// Rules: national ID (schema.gov.tw/lists/167) and resident numbers, new (second sign 8 or 9) and old (second sign A to D).

const LETTER_VALUES = {
  A: 10, B: 11, C: 12, D: 13, E: 14, F: 15, G: 16, H: 17, I: 34, J: 18, K: 19, L: 20, M: 21,
  N: 22, O: 35, P: 23, Q: 24, R: 25, S: 26, T: 27, U: 28, V: 29, W: 32, X: 30, Y: 31, Z: 33,
};
const WEIGHTS = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1];

/** Full-width to half-width, no white space, upper case. */
export function normalise(text) {
  return text.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
}

export function isCitizenNumber(text) {
  if (!/^[A-Z](?:[1289][0-9]{8}|[A-D][0-9]{8})$/.test(text)) return false;
  const first = LETTER_VALUES[text[0]];
  const second = /[A-D]/.test(text[1]) ? LETTER_VALUES[text[1]] % 10 : Number(text[1]);
  const digits = [Math.floor(first / 10), first % 10, second, ...[...text.slice(2)].map(Number)];
  return digits.reduce((sum, digit, place) => sum + digit * WEIGHTS[place], 0) % 10 === 0;
}

export function isMobileNumber(text) {
  return /^09[0-9]{8}$/.test(text);
}
