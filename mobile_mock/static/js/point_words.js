// Points as people read them, and as a voice says them: "120 點" for the eye, "一百二十點" for the ear.
import { el } from "./dom.js";
import { number } from "./format.js";
import { language, t } from "./language.js";

const DIGITS = "零一二三四五六七八九";
const PLACES = ["", "十", "百", "千"];
const GROUPS = ["", "萬", "億"];

/** "1,200 點", with its sign where it `isChange`. */
export function pointsText(points, { isChange = false } = {}) {
  const sign = points < 0 ? "−" : isChange && points > 0 ? "+" : "";
  return `${sign}${t("points_written", { n: Math.abs(points), written: number(Math.abs(points)) })}`;
}

/** "一千二百點", "minus 30 points": what a voice should say. */
export function pointsSpoken(points, { isChange = false } = {}) {
  const amount = Math.abs(points);
  const said = t("points_said", { n: amount, written: language() === "en" ? amount : chineseNumber(amount) });
  if (points < 0) return t("points_minus", { said });
  return isChange && points > 0 ? t("points_plus", { said }) : said;
}

/** An amount of points for the eye and, separately, for the ear. */
export function pointsElement(points, { isChange = false, className = "" } = {}) {
  return el("span", { class: `points-amount ${className}` },
    el("span", { "aria-hidden": "true" }, pointsText(points, { isChange })),
    el("span", { class: "unseen" }, pointsSpoken(points, { isChange })));
}

/** A whole number below 10¹² in Chinese words: 10 is 十, 1,005 is 一千零五. */
export function chineseNumber(amount) {
  if (amount === 0) return DIGITS[0];
  let words = "";
  for (let group = GROUPS.length - 1; group >= 0; group -= 1) {
    const part = Math.floor(amount / 10_000 ** group) % 10_000;
    if (part === 0) continue;
    if (words && part < 1_000) words += DIGITS[0];
    words += belowTenThousand(part) + GROUPS[group];
  }
  return words.replace(/^一十/, "十");
}

function belowTenThousand(part) {
  let words = "";
  let isGap = false;
  for (let place = PLACES.length - 1; place >= 0; place -= 1) {
    const digit = Math.floor(part / 10 ** place) % 10;
    if (digit === 0) {
      isGap = words !== "";
    } else {
      words += (isGap ? DIGITS[0] : "") + DIGITS[digit] + PLACES[place];
      isGap = false;
    }
  }
  return words;
}
