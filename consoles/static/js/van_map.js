// The 38 districts with the vans on them, and the stops of one van joined in their order. Only looked at: the same stands in lists beside it.
import { RATIO, VIEWS, districtName, drawLabels, onMap } from "./area_map.js";
import { DISTRICTS } from "./districts.js";
import { el, fill, svg } from "./dom.js";
import { t } from "./language.js";
import { button } from "./parts.js";

/** {block, show({vans, stops})}: `vans` are {number, latitude, longitude, isChosen, isBroken}, `stops` {latitude, longitude, kind} in order. */
export function vanMap(says) {
  const line = svg("polyline", { class: "van-way" });
  const drawnStops = svg("g", {});
  const drawnVans = svg("g", {});
  const labels = svg("g", { class: "map-labels", "aria-hidden": "true" });
  const picture = svg("svg", { class: "map", role: "img", "aria-label": says, "data-mode": "look" },
    svg("g", {}, DISTRICTS.map(({ code, outline }) => svg("path", { d: outline, class: "district" }, svg("title", {}, districtName(code))))),
    labels, line, drawnStops, drawnVans);
  const buttons = VIEWS.map((view) => button(t(view[0]), () => lookAt(view), { kind: "small", "aria-pressed": "false" }));
  let seen = { vans: [], stops: [] };
  let width = 0;

  function lookAt(view) {
    const [, x, y] = view;
    width = view[3];
    picture.setAttribute("viewBox", `${x} ${y} ${width} ${width / RATIO}`);
    buttons.forEach((each, place) => each.setAttribute("aria-pressed", String(VIEWS[place] === view)));
    fill(labels, drawLabels(width));
    show(seen);
  }

  function show(next) {
    seen = next;
    const size = width / 60;
    const points = seen.stops.map((stop) => ({ ...stop, ...onMap(stop) }));
    line.setAttribute("points", points.map(({ x, y }) => `${x},${y}`).join(" "));
    fill(drawnStops, points.map(({ x, y, kind }) => (kind === "pickup"
      ? svg("circle", { class: "van-stop", cx: x, cy: y, r: size * 0.6 })
      : svg("rect", { class: "van-stop", x: x - size * 0.55, y: y - size * 0.55, width: size * 1.1, height: size * 1.1 }))));
    const vans = [...seen.vans].sort((one, other) => Number(one.isChosen) - Number(other.isChosen));
    fill(drawnVans, vans.map((van) => vanMark(van, size)));
  }

  lookAt(VIEWS[2]);
  lookAt(VIEWS[1]);
  return { block: el("div", { class: "map-block" }, el("div", { class: "map-views" }, buttons), picture, key()), show };
}

function vanMark(van, size) {
  const { x, y } = onMap(van);
  const of = size * (van.isChosen ? 1.5 : 0.9);
  return svg("g", { class: `van-mark ${van.isChosen ? "chosen" : ""} ${van.isBroken ? "broken" : ""}` }, svg("title", {}, van.number),
    svg("path", { d: `M${x} ${y - of}L${x + of * 0.85} ${y + of * 0.7}L${x - of * 0.85} ${y + of * 0.7}z` }),
    van.isChosen && svg("text", { x, y: y + of * 2, "font-size": size * 1.6, "stroke-width": size / 3 }, van.number));
}

function key() {
  const sign = (shape, words) => el("span", {}, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, shape), words);
  return el("p", { class: "key" }, sign(svg("path", { class: "van-key", d: "M6 1L11 11L1 11z" }), t("dsp_key_van")), sign(svg("circle", { class: "van-stop", cx: 6, cy: 6, r: 4 }), t("dsp_key_in")),
    sign(svg("rect", { class: "van-stop", x: 2, y: 2, width: 8, height: 8 }), t("dsp_key_out")));
}
