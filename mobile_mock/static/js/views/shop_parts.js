// How a shop and an offer read.
import { el } from "../dom.js";
import { momentText, number } from "../format.js";
import { t } from "../language.js";
import { facts } from "../parts.js";

/** Where it is and when it is open. */
export function shopPlace(place) {
  return el("section", { class: "card" }, facts([
    [t("shop_kind"), place.category_name],
    [t("shop_address"), place.address],
    place.hours && [t("shop_hours"), place.hours],
  ]));
}

/** What an offer is, how many are left, and until when. */
export function offerWords(offer) {
  return [el("span", { class: "row-title" }, offer.title), offer.details && el("span", { class: "hint" }, offer.details),
    el("span", { class: "hint" }, [offer.left !== null && t("offer_left", { n: number(offer.left) }), offer.most_per_person !== null && t("offer_each", { n: offer.most_per_person }),
      t("offer_until", { when: momentText(offer.valid_until) })].filter(Boolean).join(" · "))];
}

/** How far it is, as people say it. */
export function distance(metres) {
  return metres < 1000 ? t("metres", { n: Math.max(10, Math.round(metres / 10) * 10) }) : t("kilometres", { n: (metres / 1000).toFixed(1) });
}
