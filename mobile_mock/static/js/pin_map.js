// A pin on the plain map of the districts: set by finger or mouse, moved by arrow keys or by buttons. Which district it is
// in, and what is near it, the API says; a map of streets is not needed.
import { call } from "./api.js";
import { DISTRICTS } from "./districts.js";
import { announce, el, fill, svg } from "./dom.js";
import { districtName } from "./district_map.js";
import { t } from "./language.js";
import { button } from "./parts.js";
import { selectField } from "./select_field.js";

// The map of districts.js: units of 0.001 degree from this corner, longitudes shortened as at 22.9° north.
const CORNER = { longitude: 120.16, latitude: 23.48 };
const UNITS = 1000;
const SHORTENED = Math.cos((22.9 * Math.PI) / 180);
const CITY_HALL = { x: 140, y: 858 };
const RATIO = 1;
const WIDTHS = [850, 300, 110, 40, 16];
const STEP_SHARE = 1 / 20;
const PAUSE_MS = 500;
const DEGREE_DECIMALS = 1e5;
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Where a place is on the map. */
export function onMap({ latitude, longitude }) {
  return { x: (longitude - CORNER.longitude) * UNITS * SHORTENED, y: (CORNER.latitude - latitude) * UNITS };
}

/** Which place that is. */
export function offMap({ x, y }) {
  const round = (degrees) => Math.round(degrees * DEGREE_DECIMALS) / DEGREE_DECIMALS;
  return { latitude: round(CORNER.latitude - y / UNITS), longitude: round(CORNER.longitude + x / UNITS / SHORTENED) };
}

/** The districts as a ground to draw on. */
export function cityGround() {
  return svg("g", { "aria-hidden": "true" }, DISTRICTS.map(({ outline }) => svg("path", { d: outline, class: "district many-0" })));
}

/** Names of districts where there is room for them at this width. */
export function cityNames(width) {
  const size = width / 22;
  return DISTRICTS.filter(({ room }) => room * 2 > size * 2.2).map(({ code, x, y }) => svg("text", { x, y: y + size / 3, "font-size": size * 0.8 }, districtName(code)));
}

/**
 * {block}, looking at a place (`around`) or at the middle of the city. `onPin(place, answer)` hears each place the pin comes to rest at, with what the API says about it
 * (its district and whether rides go there); while that is asked nothing is heard.
 */
export function pinMap({ around = null, signal, onPin }) {
  const now = { ...(around ? onMap(around) : CITY_HALL), zoom: around ? 2 : 1 };
  const names = svg("g", { class: "map-numbers", "aria-hidden": "true" });
  const pin = svg("g", { class: "map-pin", "aria-hidden": "true" }, svg("path", { d: "M0 0C-6 -9 -8 -12 -8 -16a8 8 0 1 1 16 0c0 4 -2 7 -8 16z" }), svg("circle", { cx: 0, cy: -16, r: 3 }));
  const picture = svg("svg", { class: "pin-map district-map", tabindex: "0", role: "application", "aria-label": t("pin_map_label"), "aria-roledescription": t("pin_map_role") }, cityGround(), names, pin);
  const said = el("p", { class: "pin-said" });
  let asking = 0;

  const draw = () => {
    const width = WIDTHS[now.zoom];
    const size = width / 22;
    picture.setAttribute("viewBox", `${now.x - width / 2} ${now.y - width / RATIO / 2} ${width} ${width / RATIO}`);
    fill(names, cityNames(width));
    pin.setAttribute("transform", `translate(${now.x} ${now.y}) scale(${size / 12})`);
    zoomIn.setAttribute("aria-disabled", String(now.zoom === WIDTHS.length - 1));
    zoomOut.setAttribute("aria-disabled", String(now.zoom === 0));
  };
  const ask = () => {
    window.clearTimeout(asking);
    asking = window.setTimeout(async () => {
      const at = offMap(now);
      try {
        const answer = await call("GET", `/v1/places/at?latitude=${at.latitude}&longitude=${at.longitude}`, { signal, quiet: true });
        fill(said, answer.words || t("pin_outside"));
        announce(said.textContent);
        onPin(at, answer);
      } catch (failure) {
        if (failure.name === "AbortError") return;
        fill(said, failure.detail || t("no_network"));
        announce(said.textContent, { urgent: true });
        onPin(null, null);
      }
    }, PAUSE_MS);
  };
  const move = (x, y) => {
    Object.assign(now, { x, y });
    draw();
    ask();
  };
  const step = ([right, down]) => move(now.x + right * WIDTHS[now.zoom] * STEP_SHARE, now.y + down * WIDTHS[now.zoom] * STEP_SHARE);
  const zoom = (by) => {
    now.zoom = Math.min(WIDTHS.length - 1, Math.max(0, now.zoom + by));
    draw();
    announce(t("pin_map_width", { n: kilometres() }));
  };
  const kilometres = () => Math.max(1, Math.round(WIDTHS[now.zoom] * 0.111));
  const zoomIn = button(t("pin_nearer"), () => zoom(1), { kind: "small", iconName: "plus" });
  const zoomOut = button(t("pin_farther"), () => zoom(-1), { kind: "small", iconName: "minus" });
  const arrow = (key, words) => button(t(words), () => step(ARROWS[key]), { kind: "small" });

  picture.addEventListener("click", (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    if (now.zoom < 2) now.zoom += 1;
    move(place.x, place.y);
  });
  picture.addEventListener("keydown", (event) => {
    if (ARROWS[event.key]) step(ARROWS[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1);
    else if (event.key === "-") zoom(-1);
    else return;
    event.preventDefault();
  });
  signal?.addEventListener("abort", () => window.clearTimeout(asking), { once: true });

  const district = selectField(t("pin_district"), [["", t("pin_district_none")], ...DISTRICTS.map(({ code }) => [code, districtName(code)])]);
  district.input.addEventListener("change", () => {
    const found = DISTRICTS.find(({ code }) => code === district.input.value);
    if (!found) return;
    now.zoom = 2;
    move(found.x, found.y);
  });
  draw();
  const block = el("div", { class: "pin-block" }, el("p", { class: "hint" }, t("pin_how")), district.block, picture,
    el("div", { class: "pin-tools" }, zoomIn, zoomOut, arrow("ArrowUp", "pin_north"), arrow("ArrowDown", "pin_south"), arrow("ArrowLeft", "pin_west"), arrow("ArrowRight", "pin_east")), said);
  return { block };
}
