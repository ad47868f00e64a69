// One place of a ride, chosen from one's own places, by its name, from where one is, or by a pin on the map. Once chosen it
// stands in one line with a button to change it.
import { call } from "./api.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { icon } from "./icons.js";
import { sentences, t } from "./language.js";
import { busy, button, field, fieldError } from "./parts.js";
import { pinMap } from "./pin_map.js";
import { whereabouts } from "./whereabouts.js";

const PAUSE_MS = 350;
const SLOW_MS = 600;
const LEAST_LETTERS = 1;
const MOST_SHOWN = 8;

/**
 * {block, value(), place(), set(place), setError(text), focus()}. `own`: the rider's own places. `value()` is what the API
 * takes: {place_id} of a place that is known, or coordinates with label, address and directions; null where nothing is chosen.
 */
export function placeChoice(legend, { own = [], place = null, signal, iconName = "pin", onChange = () => {} } = {}) {
  const body = el("div", { class: "place-body" });
  const error = fieldError();
  let chosen = place;

  const choose = (next, { focus = true } = {}) => {
    chosen = next;
    error.say("");
    draw();
    if (!focus) return;
    announce(t("place_chosen", { place: nameOf(chosen) }));
    focusOn(body.querySelector(".place-chosen"));
    onChange(chosen);
  };
  const draw = () => fill(body, chosen ? shown() : finder(own, signal, choose));
  const shown = () => {
    const change = button(t("place_change"), () => {
      chosen = null;
      draw();
      body.querySelector("input, button")?.focus();
    }, { kind: "small", "aria-label": t("place_change_of", { which: legend }) });
    const typing = (key) => ({ input: (event) => { chosen = { ...chosen, [key]: event.target.value }; onChange(chosen); } });
    const address = field(t("place_door"), { maxlength: "120", value: chosen.address || "", hint: t("place_door_hint"), autocomplete: "off", on: typing("address") });
    const directions = field(t("place_directions"), { maxlength: "200", value: chosen.directions || "", hint: t("place_directions_hint"), on: typing("directions") });
    return [
      el("div", { class: "place-chosen" }, icon(iconName, "large-icon"), el("span", { class: "row-words" }, el("span", { class: "row-title" }, nameOf(chosen)),
        addressOf(chosen) && el("span", { class: "hint" }, addressOf(chosen))), change),
      !chosen.place_id && el("details", { open: chosen.kind === "pin" || Boolean(chosen.directions) }, el("summary", {}, t("place_more")), el("div", { class: "form" }, address.block, directions.block)),
    ];
  };
  draw();
  return {
    block: el("fieldset", { class: "place-choice", "aria-describedby": error.id }, el("legend", {}, legend), error.element, body),
    place: () => chosen,
    value: () => {
      if (!chosen) return null;
      if (chosen.place_id) return { place_id: chosen.place_id };
      return {
        latitude: chosen.latitude, longitude: chosen.longitude, label: chosen.label,
        address: (chosen.address || "").trim(), directions: (chosen.directions || "").trim(),
      };
    },
    set: (next) => choose(next, { focus: false }),
    setError: error.say,
    focus: () => focusOn(body.querySelector("input:not([type=hidden]), button")),
  };
}

/** What a place is called. */
export function nameOf(place) {
  return place.name || place.label || place.address || place.district_name || "";
}

/** Its address, unless that is its name. */
export function addressOf(place) {
  const parts = [place.address && !place.address.includes(place.district_name || "?") ? place.district_name : "", place.address].filter(Boolean);
  const words = parts.length ? parts.join(" ") : place.district_name || "";
  return words === nameOf(place) ? "" : words;
}

function finder(own, signal, choose) {
  const found = el("ul", { class: "place-list", role: "list" });
  const count = el("p", { class: "hint" });
  const problem = el("div");
  const search = field(t("place_search"), { type: "search", autocomplete: "off", maxlength: "60", hint: t("place_search_hint"), enterkeyhint: "search" });
  let waiting = 0;
  let asked = 0;

  const look = async () => {
    const words = search.input.value.trim();
    asked += 1;
    const mine = asked;
    if (words.length < LEAST_LETTERS) { fill(found); fill(count); return; }
    const slow = window.setTimeout(() => fill(count, t("places_asking")), SLOW_MS);
    try {
      const { items, hint } = await call("GET", `/v1/places?q=${encodeURIComponent(words)}`, { signal, quiet: true });
      if (mine !== asked) return;
      const shown = items.slice(0, MOST_SHOWN);
      fill(problem);
      fill(found, shown.map((item) => placeRow(item, item.is_door === false ? lookAround : choose)));
      fill(count, sentences(hint, t(shown.length ? "places_found" : "places_none", { n: shown.length })));
      announce(count.textContent);
    } catch (failure) {
      if (failure.name === "AbortError" || mine !== asked) return;
      fill(found);
      fill(count, failure.detail || t("no_network"));
      announce(count.textContent, { urgent: true });
    } finally {
      window.clearTimeout(slow);
    }
  };
  search.input.addEventListener("input", () => { window.clearTimeout(waiting); waiting = window.setTimeout(look, PAUSE_MS); });
  search.input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    window.clearTimeout(waiting);
    look();
  });
  const here = button(t("place_here"), () => busy(here, problem, async () => {
    const at = await whereabouts("place_here_denied");
    const answer = await call("GET", `/v1/places/at?latitude=${at.latitude}&longitude=${at.longitude}`, { signal });
    choose({ kind: "pin", label: t("place_here_label"), district_name: answer.district_name, ...at });
  }), { kind: "quiet", iconName: "pin" });
  const mapPlace = el("div");
  const map = el("details", { on: { toggle: () => { if (map.open && !mapPlace.firstChild) mapPlace.append(pinPart(signal, choose)); } } },
    el("summary", {}, t("place_by_map")), mapPlace);
  // A district is no door: the map opens there, to point at one.
  const lookAround = (item) => {
    fill(mapPlace, pinPart(signal, choose, item));
    map.open = true;
    focusOn(map.querySelector("summary"));
    announce(t("place_look_around", { place: nameOf(item) }));
  };
  return [
    own.length > 0 && el("div", { class: "own-places", role: "group", "aria-label": t("place_own") },
      own.map((item) => button(nameOf(item), () => choose(item), { kind: "place-button", iconName: "pin" }))),
    search.block, count, found, el("div", { class: "place-other" }, here, map), problem,
  ];
}

function placeRow(item, choose) {
  const about = [item.kind_name, item.is_door === false ? t("place_on_map") : addressOf(item)].filter(Boolean).join(" · ");
  return el("li", {}, el("button", { type: "button", class: "place-row", on: { click: () => choose(item) } }, icon("pin"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, nameOf(item)), about && el("span", { class: "hint" }, about))));
}

function pinPart(signal, choose, around = null) {
  let at = null;
  let about = null;
  const take = button(t("pin_take"), () => {
    if (!at) return;
    choose({ kind: "pin", label: t("pin_label", { district: about.district_name }), district_name: about.district_name, ...at });
  }, { kind: "primary wide", "aria-disabled": "true" });
  const map = pinMap({ signal, around, onPin: (place, answer) => {
    about = answer;
    at = place && answer?.is_in_service_area ? place : null;
    take.setAttribute("aria-disabled", String(!at));
  } });
  return el("div", {}, map.block, take);
}
