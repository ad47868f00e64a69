// The digits of a QR code that a phone shows: version 1 (21 × 21 modules), level M, numeric mode (ISO/IEC 18004). What is torn or
// misread is mended by its check bytes, up to five of them.
export const SIZE = 21;
const DATA_BYTES = 16;
const CHECK_BYTES = 10;
const NUMERIC = 0b0001;
const LEVEL_M = 0b00;
const FORMAT_MASK = 0b101010000010010;
const FORMAT_MOST_WRONG = 3;
const MASKS = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_row, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];
// Where the fifteen bits of the format stand beside the upper left corner, the first one first.
const FORMAT_PLACES = [[8, 0], [8, 1], [8, 2], [8, 3], [8, 4], [8, 5], [8, 7], [8, 8], [7, 8], [5, 8], [4, 8], [3, 8], [2, 8], [1, 8], [0, 8]];
const POWERS = [];
const LOGS = [];
for (let power = 0, value = 1; power < 255; power += 1) {
  POWERS[power] = value;
  LOGS[value] = power;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

/** `isDark(row, column)` of each module. Answers the digits, or null where this is no such code. */
export function digitsIn(isDark) {
  const mask = maskIn(isDark);
  if (mask === null) return null;
  const bytes = corrected(bytesIn(isDark, MASKS[mask]));
  return bytes && numberIn(bytes.slice(0, DATA_BYTES));
}

function maskIn(isDark) {
  const seen = FORMAT_PLACES.reduce((bits, [row, column]) => (bits << 1) | (isDark(row, column) ? 1 : 0), 0) ^ FORMAT_MASK;
  for (let mask = 0; mask < MASKS.length; mask += 1) {
    if (onesIn(formatOf(LEVEL_M << 3 | mask) ^ seen) <= FORMAT_MOST_WRONG) return mask;
  }
  return null;
}

/** Five bits and ten that check them: a BCH code with the generator 10100110111. */
function formatOf(value) {
  let rest = value << 10;
  for (let bit = 14; bit >= 10; bit -= 1) if (rest >> bit & 1) rest ^= 0b10100110111 << (bit - 10);
  return value << 10 | rest;
}

function onesIn(bits) {
  return bits.toString(2).replaceAll("0", "").length;
}

/** Upwards and downwards by turns, two columns at a time from the right, past what is the same in every code. */
function bytesIn(isDark, mask) {
  const bits = [];
  for (let right = SIZE - 1, isUpwards = true; right > 0; right -= 2, isUpwards = !isUpwards) {
    if (right === 6) right -= 1;
    for (let step = 0; step < SIZE; step += 1) {
      const row = isUpwards ? SIZE - 1 - step : step;
      for (const column of [right, right - 1]) if (!isFixed(row, column)) bits.push(isDark(row, column) !== mask(row, column));
    }
  }
  const bytes = [];
  for (let place = 0; place < bits.length; place += 8) bytes.push(bits.slice(place, place + 8).reduce((byte, bit) => byte << 1 | (bit ? 1 : 0), 0));
  return bytes;
}

function isFixed(row, column) {
  return row === 6 || column === 6 || (row < 9 && column < 9) || (row < 9 && column > 12) || (row > 12 && column < 9);
}

function product(one, other) {
  return one === 0 || other === 0 ? 0 : POWERS[(LOGS[one] + LOGS[other]) % 255];
}

function quotient(one, other) {
  return one === 0 ? 0 : POWERS[(LOGS[one] - LOGS[other] + 255) % 255];
}

/** The value at `x` of a polynomial, the lowest power first. */
function valueAt(factors, x) {
  return factors.reduceRight((sum, factor) => product(sum, x) ^ factor, 0);
}

function syndromesOf(bytes) {
  const lowestFirst = [...bytes].reverse();
  return Array.from({ length: CHECK_BYTES }, (_, power) => valueAt(lowestFirst, POWERS[power]));
}

/** The bytes as they were meant (Reed-Solomon; Berlekamp and Massey, Chien, Forney), or null where too many are wrong. */
function corrected(bytes) {
  const syndromes = syndromesOf(bytes);
  if (syndromes.every((each) => each === 0)) return bytes;
  const locator = locatorOf(syndromes);
  const wrong = bytes.map((_, place) => bytes.length - 1 - place).filter((power) => valueAt(locator, POWERS[(255 - power) % 255]) === 0);
  if (wrong.length !== locator.length - 1 || wrong.length > CHECK_BYTES / 2) return null;
  const evaluator = Array.from({ length: CHECK_BYTES }, (_, power) => locator.slice(0, power + 1).reduce((sum, factor, place) => sum ^ product(factor, syndromes[power - place]), 0));
  const slope = locator.slice(1).map((factor, place) => (place % 2 === 0 ? factor : 0));
  const mended = [...bytes];
  for (const power of wrong) {
    const inverse = POWERS[(255 - power) % 255];
    mended[bytes.length - 1 - power] ^= product(POWERS[power], quotient(valueAt(evaluator, inverse), valueAt(slope, inverse)));
  }
  return syndromesOf(mended).every((each) => each === 0) ? mended : null;
}

/** The polynomial whose roots say where the faults are, the lowest power first. */
function locatorOf(syndromes) {
  let current = [1];
  let before = [1];
  let gap = 1;
  let last = 1;
  let faults = 0;
  syndromes.forEach((syndrome, step) => {
    let differs = syndrome;
    for (let place = 1; place <= faults; place += 1) differs ^= product(current[place] ?? 0, syndromes[step - place]);
    if (differs === 0) { gap += 1; return; }
    const factor = quotient(differs, last);
    const shifted = [...Array(gap).fill(0), ...before.map((each) => product(each, factor))];
    const next = Array.from({ length: Math.max(current.length, shifted.length) }, (_, place) => (current[place] ?? 0) ^ (shifted[place] ?? 0));
    if (2 * faults <= step) {
      before = current;
      last = differs;
      faults = step + 1 - faults;
      gap = 1;
    } else gap += 1;
    current = next;
  });
  while (current.length > 1 && current.at(-1) === 0) current.pop();
  return current;
}

function numberIn(bytes) {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let place = 0;
  const take = (count) => { place += count; return parseInt(bits.slice(place - count, place), 2); };
  if (take(4) !== NUMERIC) return null;
  let left = take(10);
  let digits = "";
  while (left > 0) {
    const some = Math.min(3, left);
    const value = take([0, 4, 7, 10][some]);
    if (!(value < 10 ** some)) return null;
    digits += String(value).padStart(some, "0");
    left -= some;
  }
  return digits;
}
