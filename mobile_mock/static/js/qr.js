// A QR code of up to 34 digits: version 1 (21 × 21 modules), level M, numeric mode (ISO/IEC 18004).
const SIZE = 21;
const DATA_BYTES = 16;
const CHECK_BYTES = 10;
const MOST_DIGITS = 34;
const NUMERIC = 0b0001;
const LEVEL_M = 0b00;
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

/** The modules of the code of `digits`, row by row; true is dark. The quiet zone of four modules is not part of it. */
export function qrOf(digits) {
  if (!new RegExp(`^[0-9]{1,${MOST_DIGITS}}$`).test(digits)) throw new RangeError(`1 to ${MOST_DIGITS} digits`);
  const data = dataBytes(digits);
  const bits = [...data, ...checkBytes(data)].flatMap((byte) => bitsOf(byte, 8));
  const drawn = MASKS.map((_mask, number) => draw(bits, number));
  const burdens = drawn.map(burden);
  return drawn[burdens.indexOf(Math.min(...burdens))];
}

function dataBytes(digits) {
  const bits = [...bitsOf(NUMERIC, 4), ...bitsOf(digits.length, 10)];
  for (const part of digits.match(/.{1,3}/g)) bits.push(...bitsOf(Number(part), [0, 4, 7, 10][part.length]));
  bits.push(...Array(Math.min(4, DATA_BYTES * 8 - bits.length)).fill(0));
  while (bits.length % 8) bits.push(0);
  const bytes = [];
  for (let place = 0; place < bits.length; place += 8) bytes.push(parseInt(bits.slice(place, place + 8).join(""), 2));
  for (let pad = 0; bytes.length < DATA_BYTES; pad += 1) bytes.push(pad % 2 ? 0x11 : 0xec);
  return bytes;
}

/** Reed-Solomon over GF(256) with the polynomial 0x11d: what is left of the data divided by the generator. */
function checkBytes(data) {
  let generator = [1];
  for (let power = 0; power < CHECK_BYTES; power += 1) {
    const root = powerOfTwo(power);
    generator = [...generator, 0].map((factor, place) => factor ^ (place ? product(generator[place - 1], root) : 0));
  }
  const rest = [...data, ...Array(CHECK_BYTES).fill(0)];
  for (let place = 0; place < data.length; place += 1) {
    const factor = rest[place];
    generator.forEach((each, offset) => { rest[place + offset] ^= product(each, factor); });
  }
  return rest.slice(data.length);
}

function product(one, other) {
  let sum = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    sum = (sum << 1) ^ (sum & 0x80 ? 0x11d : 0);
    if (other >> bit & 1) sum ^= one;
  }
  return sum;
}

function powerOfTwo(exponent) {
  let value = 1;
  for (let step = 0; step < exponent; step += 1) value = product(value, 2);
  return value;
}

function draw(bits, maskNumber) {
  const modules = Array.from({ length: SIZE }, () => Array(SIZE).fill(null));
  for (const [top, left] of [[0, 0], [0, SIZE - 7], [SIZE - 7, 0]]) drawFinder(modules, top, left);
  for (let place = 8; place < SIZE - 8; place += 1) modules[6][place] = modules[place][6] = place % 2 === 0;
  drawFormat(modules, maskNumber);
  const mask = MASKS[maskNumber];
  let next = 0;
  for (const [row, column] of zigzag()) {
    if (modules[row][column] === null) modules[row][column] = Boolean(bits[next++]) !== mask(row, column);
  }
  return modules;
}

function drawFinder(modules, top, left) {
  for (let row = -1; row <= 7; row += 1) {
    for (let column = -1; column <= 7; column += 1) {
      if (modules[top + row]?.[left + column] === undefined) continue;
      const distance = Math.max(Math.abs(row - 3), Math.abs(column - 3));
      modules[top + row][left + column] = distance <= 3 && distance !== 2;
    }
  }
}

/** Level and mask, with the ten check bits of a BCH code, twice; and the module that is always dark. */
function drawFormat(modules, maskNumber) {
  const data = LEVEL_M << 3 | maskNumber;
  let rest = data << 10;
  for (let bit = 14; bit >= 10; bit -= 1) if (rest >> bit & 1) rest ^= 0x537 << (bit - 10);
  const format = (data << 10 | rest) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const isDark = Boolean(format >> bit & 1);
    if (bit < 8) modules[8][SIZE - 1 - bit] = isDark; else modules[SIZE - 15 + bit][8] = isDark;
    if (bit < 6) modules[bit][8] = isDark;
    else if (bit < 8) modules[bit + 1][8] = isDark;
    else if (bit === 8) modules[8][7] = isDark;
    else modules[8][14 - bit] = isDark;
  }
  modules[SIZE - 8][8] = true;
}

/** Every module in the order in which bits are laid: two columns at a time from the right, up and down by turns. */
function* zigzag() {
  let isUpwards = true;
  for (let right = SIZE - 1; right > 0; right -= 2) {
    if (right === 6) right -= 1;
    for (let step = 0; step < SIZE; step += 1) {
      const row = isUpwards ? SIZE - 1 - step : step;
      yield [row, right];
      yield [row, right - 1];
    }
    isUpwards = !isUpwards;
  }
}

/** How badly a scanner would read it (ISO/IEC 18004, 7.8.3): long runs, blocks, what looks like a finder, too dark or light. */
function burden(modules) {
  const columns = modules.map((_row, place) => modules.map((row) => row[place]));
  let points = 0;
  for (const line of [...modules, ...columns]) {
    const text = line.map((isDark) => (isDark ? "1" : "0")).join("");
    for (const run of text.match(/0{5,}|1{5,}/g) || []) points += run.length - 2;
    points += 40 * [...text.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  for (let row = 1; row < SIZE; row += 1) {
    for (let column = 1; column < SIZE; column += 1) {
      const isDark = modules[row][column];
      if (modules[row - 1][column] === isDark && modules[row][column - 1] === isDark && modules[row - 1][column - 1] === isDark) points += 3;
    }
  }
  const share = (100 * modules.flat().filter(Boolean).length) / (SIZE * SIZE);
  return points + 10 * Math.floor(Math.abs(share - 50) / 5);
}

function bitsOf(value, length) {
  return Array.from({ length }, (_each, place) => value >> (length - 1 - place) & 1);
}
