// The shop's offers that run now: one press instead of an amount.
import { call } from "./api.js";
import { el, fill } from "./dom.js";
import { points, t } from "./words.js";

/** Draw the offers into `place`, or nothing where there are none; `onChosen(offer)`. */
export async function chooseOffer(place, { signal, onChosen }) {
  let items;
  try {
    ({ items } = await call("GET", "/v1/merchant/offers", { signal }));
  } catch (failure) {
    // Without them a till still takes points; that the network is gone is said above.
    if (failure.name !== "AbortError") console.warn(failure);
    return;
  }
  if (signal.aborted || items.length === 0) return;
  fill(place, el("h2", {}, t("offers")), el("ul", { class: "offers", role: "list" }, items.map((offer) => el("li", {},
    el("button", { type: "button", class: "offer", disabled: offer.left === 0, on: { click: () => onChosen(offer) } },
      el("span", { class: "offer-title" }, offer.title),
      el("span", { class: "offer-points" }, points(offer.points)),
      offer.left !== null && el("span", { class: "hint" }, t(offer.left === 0 ? "offer_gone" : "offer_left", { n: offer.left })))))));
}
