// The ways to pay, as people call them.
import { el } from "./dom.js";
import { hasText, t } from "./language.js";

/** "LINE Pay"; a way that came after this phone is shown as the API writes it. */
export function railName(rail) {
  return hasText(`rail_${rail}`) ? t(`rail_${rail}`) : rail;
}

/** The way to pay and, where one was chosen, the account or card ("***1234"). */
export function instrumentName(rail, account) {
  return el("span", {}, railName(rail), account && " ", account && el("span", { class: "mono" }, account));
}
