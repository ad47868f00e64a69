// Why a member of a message was refused, in Chinese: the API names each rule in English, as everything that software reads.
import { language } from "./language.js";

const RULES = [
  [/^is empty$/, "不能空白"],
  [/^is longer than (\d+) columns.*$/, "太長了，最多 $1 格（中文 1 字 2 格）"],
  [/^has a character that cannot be seen.*$/, "有看不見、或會顛倒閱讀方向的字元"],
  [/^has what looks like somebody's ID number$/, "看起來有身分證字號：鎖定畫面誰都看得到"],
  [/^has what looks like the plate of a vehicle$/, "看起來有車牌號碼：鎖定畫面誰都看得到"],
  [/^has what looks like the number of a bill$/, "看起來有帳單號碼：鎖定畫面誰都看得到"],
  [/^has an address in it.*$/, "不能寫網址，請放在「點開後前往」"],
  [/^(\{\w+\}) is not a field of this campaign$/, "$1 沒有東西可以代換"],
  [/^has a brace that is not part of a \{field\}$/, "有多餘的大括號"],
  [/^has no words in Chinese$/, "沒有中文"],
  [/^has no words in English$/, "沒有英文"],
  [/^leads neither to a path under \/app.*$/, "只能到市府或政府的網站，或這個 App 的頁面（/app/…）"],
  [/^carries more than a page.*$/, "對象用了個人資料時，其他網站的網址不能帶 ?、#、;、=、&：那會讓該網站知道點進來的人是誰。請用 /app/… 或單純的網頁網址"],
  [/^is not an open topic of this bureau$/, "這個主題沒有開放，或不是本機關的"],
  [/^is above what this topic allows.*$/, "超過這個主題可用的優先等級"],
  [/^has passed, .*$/, "時間已經過了，或在一年以後"],
  [/^names no day of the week.*$/, "請選星期幾"],
  [/^is missing: nothing is sent again.*$/, "請寫到哪一天為止"],
  [/^is nothing: say what a paid channel may cost$/, "請寫最多可以花多少"],
  [/^is not a channel of this topic$/, "這個主題沒有這種管道"],
  [/^is not from ([\d,]+) to ([\d,]+) metres$/, "請在 $1 到 $2 公尺之間"],
  [/^needs 3 to (\d+) corners.*$/, "需要 3 到 $1 個角"],
  [/^is smaller than ([\d.]+) square kilometres$/, "太小了，至少 $1 平方公里"],
  [/^is no area.*$/, "邊線交叉，不是一塊範圍"],
  [/^lies outside the city.*$/, "不在高雄（先緯度，再經度）"],
  [/^is not a fact that this topic may be narrowed by.*$/, "這個主題不能用這項資料"],
  [/^is not an open thing of this bureau.*$/, "不是本機關登記、還開放的項目"],
];

/** `detail` of the API in the officer's language; as it stands where there are no words of ours. */
export function refusalWords(detail) {
  if (language() === "en") return detail;
  const known = RULES.find(([rule]) => rule.test(detail));
  return known ? detail.replace(known[0], known[1]) : detail;
}
