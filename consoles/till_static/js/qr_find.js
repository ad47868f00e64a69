// Finding a QR code of version 1 in a picture of a camera: its three corner squares by their rhythm of light and dark, then the module that
// each point of the picture belongs to.
import { SIZE, digitsIn } from "./qr_decode.js";

const RHYTHM = [1, 1, 3, 1, 1];
const RHYTHM_LENGTH = 7;
const MOST_CORNERS = 10;
// Modules from the middle of one corner square to the middle of the next one.
const APART = SIZE - RHYTHM_LENGTH;
const FIRST = RHYTHM_LENGTH / 2;
// How far from a parallelogram's the fourth corner may lie, in modules, nearest first: a code held at a slant.
const SLANTS = [0, 0.7, -0.7, 1.4, -1.4, 2.4, -2.4].flatMap((x, _, all) => all.map((y) => [x, y])).sort(([a, b], [c, d]) => Math.hypot(a, b) - Math.hypot(c, d));

/** The digits of a code in a picture: {data (RGBA), width, height} as a canvas gives it. Null where there is none. */
export function digitsInPicture({ data, width, height }) {
  const light = new Uint8Array(width * height);
  for (let place = 0; place < light.length; place += 1) light[place] = (data[4 * place] * 77 + data[4 * place + 1] * 151 + data[4 * place + 2] * 28) >> 8;
  return digitsInLight(light, width, height);
}

/** The same from how light each point is, row by row. */
export function digitsInLight(light, width, height) {
  for (const share of [5, 12]) {
    const picture = { dark: darkOf(light, width, height, Math.floor(Math.max(width, height) / share)), width, height };
    for (const corners of triplesOf(cornersIn(picture))) {
      for (const slant of SLANTS) {
        const digits = digitsIn(modulesBetween(picture, corners, slant));
        if (digits) return digits;
      }
    }
  }
  return null;
}

/** 1 where a point is darker than what lies around it, within a square of that side. */
function darkOf(light, width, height, side) {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      row += light[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const dark = new Uint8Array(width * height);
  const half = side >> 1;
  for (let y = 0; y < height; y += 1) {
    const top = Math.max(0, y - half);
    const bottom = Math.min(height, y + half + 1);
    for (let x = 0; x < width; x += 1) {
      const left = Math.max(0, x - half);
      const right = Math.min(width, x + half + 1);
      const sum = sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right] - sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left];
      dark[y * width + x] = light[y * width + x] * (bottom - top) * (right - left) < sum * 0.92 ? 1 : 0;
    }
  }
  return dark;
}

/** Middles of squares that look like a corner along a row and along a column: {x, y, module, seen}, the surest first. */
function cornersIn(picture) {
  const { width, height } = picture;
  const found = [];
  for (let y = 1; y < height; y += 2) {
    let runs = [];
    let begins = 0;
    for (let x = 1; x <= width; x += 1) {
      if (x < width && isDark(picture, x, y) === isDark(picture, x - 1, y)) continue;
      runs = [...runs.slice(-4), x - begins];
      begins = x;
      if (!isDark(picture, x - 1, y) || !hasRhythm(runs)) continue;
      const middle = x - runs[4] - runs[3] - runs[2] / 2;
      const upright = through(picture, Math.floor(middle), y, 0, 1);
      if (upright === null) continue;
      const across = through(picture, Math.floor(middle), Math.floor(upright.at), 1, 0);
      if (across === null) continue;
      note(found, across.at, upright.at, (across.length + upright.length) / 2 / RHYTHM_LENGTH);
    }
  }
  return found.sort((one, other) => other.seen - one.seen).slice(0, MOST_CORNERS);
}

function isDark({ dark, width }, x, y) {
  return dark[y * width + x] === 1;
}

function hasRhythm(runs) {
  if (runs.length < RHYTHM.length) return false;
  const module = runs.reduce((sum, each) => sum + each, 0) / RHYTHM_LENGTH;
  return module >= 1 && runs.every((run, place) => Math.abs(run - RHYTHM[place] * module) <= RHYTHM[place] * module * 0.6);
}

/** The rhythm along a line through a point in the inner square: where its middle is and how long it is, or null. */
function through(picture, x, y, stepX, stepY) {
  const limit = stepX ? picture.width : picture.height;
  const start = stepX ? x : y;
  const at = (place) => place >= 0 && place < limit && isDark(picture, stepX ? place : x, stepX ? y : place);
  if (!at(start)) return null;
  const arm = (direction) => {
    const lengths = [0, 0, 0];
    let place = start;
    for (let part = 0; part < 3; part += 1) {
      while (place >= 0 && place < limit && at(place) === (part !== 1)) { lengths[part] += 1; place += direction; }
    }
    return lengths;
  };
  const back = arm(-1);
  const ahead = arm(1);
  const inner = back[0] + ahead[0] - 1;
  const runs = [back[2], back[1], inner, ahead[1], ahead[2]];
  if (!hasRhythm(runs)) return null;
  return { at: start - back[0] + 1 + inner / 2, length: runs.reduce((sum, each) => sum + each, 0) };
}

function note(found, x, y, module) {
  const same = found.find((each) => Math.hypot(each.x - x, each.y - y) < 3 * module);
  if (!same) { found.push({ x, y, module, seen: 1 }); return; }
  const share = 1 / (same.seen + 1);
  same.x += (x - same.x) * share;
  same.y += (y - same.y) * share;
  same.module += (module - same.module) * share;
  same.seen += 1;
}

/** Three corners each that lie as those of one code do, the likeliest first: {origin, right, below}. */
function triplesOf(corners) {
  const found = [];
  for (const origin of corners) {
    for (const [place, one] of corners.entries()) {
      for (const other of corners.slice(place + 1)) {
        if (one === origin || other === origin) continue;
        const [a, b] = [one, other].map((each) => ({ x: each.x - origin.x, y: each.y - origin.y, length: Math.hypot(each.x - origin.x, each.y - origin.y) }));
        const unequal = Math.abs(Math.log(a.length / b.length));
        const askew = Math.abs((a.x * b.x + a.y * b.y) / (a.length * b.length));
        const modules = [origin, one, other].map(({ module }) => module);
        const uneven = Math.log(Math.max(...modules) / Math.min(...modules));
        const wide = Math.abs(Math.log((a.length + b.length) / 2 / APART / (modules.reduce((sum, each) => sum + each, 0) / 3)));
        if (unequal > 0.5 || askew > 0.5 || uneven > 0.7 || wide > 0.5) continue;
        const isClockwise = a.x * b.y - a.y * b.x > 0;
        found.push({ origin, right: isClockwise ? one : other, below: isClockwise ? other : one, doubt: unequal + askew + uneven + wide });
      }
    }
  }
  return found.sort((one, other) => one.doubt - other.doubt).slice(0, 6);
}

/** `isDark(row, column)` of the modules between three corners, the fourth one moved by a slant in modules. */
function modulesBetween(picture, { origin, right, below }, [slantX, slantY]) {
  const across = { x: (right.x - origin.x) / APART, y: (right.y - origin.y) / APART };
  const down = { x: (below.x - origin.x) / APART, y: (below.y - origin.y) / APART };
  const far = {
    x: right.x + below.x - origin.x + slantX * across.x + slantY * down.x,
    y: right.y + below.y - origin.y + slantX * across.y + slantY * down.y,
  };
  const place = perspective(origin, right, below, far);
  return (row, column) => {
    let votes = 0;
    for (const up of [-0.2, 0, 0.2]) {
      for (const aside of [-0.2, 0, 0.2]) {
        const { x, y } = place((column + 0.5 - FIRST + aside) / APART, (row + 0.5 - FIRST + up) / APART);
        if (x >= 0 && y >= 0 && x < picture.width && y < picture.height && isDark(picture, Math.floor(x), Math.floor(y))) votes += 1;
      }
    }
    return votes > 4;
  };
}

/** Where in the picture (u, v) of the unit square lies whose corners are these four. */
function perspective(origin, right, below, far) {
  const [dx1, dx2, dx3] = [right.x - far.x, below.x - far.x, origin.x - right.x + far.x - below.x];
  const [dy1, dy2, dy3] = [right.y - far.y, below.y - far.y, origin.y - right.y + far.y - below.y];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / area;
  const h = (dx1 * dy3 - dx3 * dy1) / area;
  const [a, b] = [right.x - origin.x + g * right.x, below.x - origin.x + h * below.x];
  const [d, e] = [right.y - origin.y + g * right.y, below.y - origin.y + h * below.y];
  return (u, v) => {
    const depth = g * u + h * v + 1;
    return { x: (a * u + b * v + origin.x) / depth, y: (d * u + e * v + origin.y) / depth };
  };
}
