// Code 128, code set C: an even number of digits as a barcode (ISO/IEC 15417).
const START_C = 105;
const QUIET_MODULES = 10;
// Bars and spaces of each symbol character by its value, in modules, a bar first; 103 to 105 start, the last one stops.
const WIDTHS = (
  "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 "
  + "223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
  + "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 "
  + "311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
  + "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
  + "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split(" ");
const STOP = WIDTHS.length - 1;

/** The barcode of `digits`: {bars: [[x, width]…], width}, in modules, with the quiet zone at both ends. */
export function code128(digits) {
  if (!/^(?:[0-9]{2})+$/.test(digits)) throw new RangeError("an even number of digits");
  const values = digits.match(/../g).map(Number);
  const check = (START_C + values.reduce((sum, value, place) => sum + value * (place + 1), 0)) % 103;
  const bars = [];
  let x = QUIET_MODULES;
  for (const value of [START_C, ...values, check, STOP]) {
    [...WIDTHS[value]].map(Number).forEach((width, place) => {
      if (place % 2 === 0) bars.push([x, width]);
      x += width;
    });
  }
  return { bars, width: x + QUIET_MODULES };
}
