// Which language the person reads, how large, and the look-up of every text in it.
import { TEXTS } from "../texts.js";

const LANGUAGE = "phone.language";
const TEXT_SIZE = "phone.text-size";
export const TEXT_SIZES = ["100", "125", "150", "200"];

/** "zh-TW" (the default) or "en". */
export function language() {
  return window.localStorage.getItem(LANGUAGE) === "en" ? "en" : "zh-TW";
}

export function setLanguage(chosen) {
  window.localStorage.setItem(LANGUAGE, chosen);
  document.documentElement.lang = chosen;
}

/** Text size in per cent of the browser's own, as text. */
export function textSize() {
  const kept = window.localStorage.getItem(TEXT_SIZE);
  return TEXT_SIZES.includes(kept) ? kept : "100";
}

export function setTextSize(chosen) {
  window.localStorage.setItem(TEXT_SIZE, chosen);
  document.documentElement.dataset.textSize = chosen;
}

/** The text `key` in the person's language; `{name}` is filled in, and English "one|many" chosen by `n`. */
export function t(key, values = {}) {
  const entry = TEXTS[key];
  if (!entry) throw new Error(`no text for ${key}`);
  return phrase(entry, values);
}

/** Whether the catalogue has `key`: codes of the API that came after this phone have no text of their own. */
export function hasText(key) {
  return Object.hasOwn(TEXTS, key);
}

/** Several pieces of text as sentences that follow each other; what is empty is left out. */
export function sentences(...parts) {
  const said = parts.filter(Boolean);
  if (language() !== "en") return said.map((part, place) => (place < said.length - 1 && !/[。！？]$/.test(part) ? `${part}。` : part)).join("");
  return said.map((part, place) => `${part[0].toUpperCase()}${part.slice(1)}${place < said.length - 1 && !/[.!?]$/.test(part) ? "." : ""}`).join(" ");
}

/** A pair {zh, en} from elsewhere, in the person's language. */
export function phrase(pair, values = {}) {
  let text = language() === "en" ? pair.en : pair.zh;
  if (text.includes("|")) text = text.split("|")[values.n === 1 ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
