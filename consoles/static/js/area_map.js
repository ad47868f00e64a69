// The city drawn by its districts: to choose some, to draw a circle or a polygon on, or only to look at.
import { DISTRICTS } from "./districts.js";
import { el, fill, svg } from "./dom.js";
import { language, t } from "./language.js";
import { button } from "./parts.js";

const WEST = 120.16;
const NORTH = 23.48;
const UNITS_PER_DEGREE = 1000;
const NARROWING = Math.cos((22.9 * Math.PI) / 180);
const METRES_PER_UNIT = 111.32;
export const RATIO = 0.8;
const BY_CODE = new Map(DISTRICTS.map((district) => [district.code, district]));

/** The four areas that people know the districts by: [text's key, codes]. */
export const REGIONS = [["region_city", 1, 11], ["region_fengshan", 12, 18], ["region_gangshan", 19, 29], ["region_qishan", 30, 38]]
  .map(([name, first, last]) => [name, DISTRICTS.slice(first - 1, last).map(({ code }) => code)]);

/** What is shown: [text's key, x, y, width]; the height follows. */
export const VIEWS = [["map_city", -15, -8, 850], ["map_plain", 0, 520, 420], ["map_centre", 62, 770, 145]];

/** The name of a district in the officer's language; a code without one is shown as it is. */
export function districtName(code) {
  const district = BY_CODE.get(code);
  if (!district) return code;
  return language() === "en" ? district.en : district.zh;
}

/**
 * The map. `chosen`: codes of districts, `touched`: of those that a shape overlaps; `shapes`: [{circle: {latitude, longitude, radius_m}} or {polygon: [[lat, lon]…]}].
 * By its mode it is only looked at ("look"), takes presses on districts ("districts": `onDistrict(code)`), or is drawn on ("circle", "polygon":
 * `onPoint(place)`, and for a circle `onDrag(from, to)`). Who cannot use a map has a list or fields beside it.
 */
export function areaMap(says, { chosen = [], touched = [], shapes = [], mode = "look", onDistrict, onPoint, onDrag } = {}) {
  const outlines = DISTRICTS.map(({ code, outline }) => ({ code, path: svg("path", { d: outline, class: touched.includes(code) ? "district touched" : "district" }, svg("title", {}, districtName(code))) }));
  const labels = svg("g", { class: "map-labels", "aria-hidden": "true" });
  const drawn = svg("g", { class: "map-shapes" });
  const picture = svg("svg", { class: "map", role: "img", "aria-label": says, "data-mode": mode },
    svg("g", {}, outlines.map(({ path }) => path)), drawn, labels);
  const buttons = VIEWS.map((view) => button(t(view[0]), () => lookAt(view), { kind: "small", "aria-pressed": "false" }));
  let marked = { chosen, shapes };
  let view = startOf([...chosen, ...touched], shapes);

  function lookAt(next) {
    view = next;
    const [, x, y, width] = view;
    picture.setAttribute("viewBox", `${x} ${y} ${width} ${width / RATIO}`);
    buttons.forEach((each, place) => each.setAttribute("aria-pressed", String(VIEWS[place] === view)));
    fill(labels, drawLabels(width));
    show(marked);
  }

  function show(next) {
    marked = next;
    const codes = new Set(marked.chosen);
    for (const { path, code } of outlines) path.classList.toggle("chosen", codes.has(code));
    fill(drawn, marked.shapes.map((shape) => drawShape(shape, view[3])));
  }

  for (const { path, code } of outlines) path.addEventListener("click", () => { if (picture.dataset.mode === "districts") onDistrict(code); });
  listen(picture, { onPoint, onDrag });
  lookAt(view);
  return { block: el("div", { class: "map-block" }, el("div", { class: "map-views" }, buttons), picture), show, setMode: (next) => { picture.dataset.mode = next; } };
}

/** The closest of the views that holds everything there is to see. */
function startOf(chosen, shapes) {
  const points = [...chosen.map((code) => BY_CODE.get(code)).filter(Boolean), ...shapes.flatMap(cornersOf)];
  if (!points.length) return VIEWS[1];
  const holds = ([, left, top, width]) => points.every(({ x, y }) => x >= left && x <= left + width && y >= top && y <= top + width / RATIO);
  return [...VIEWS].reverse().find(holds) || VIEWS[0];
}

function cornersOf(shape) {
  if (shape.polygon) return shape.polygon.map(([latitude, longitude]) => onMap({ latitude, longitude }));
  const { x, y } = onMap(shape.circle);
  const radius = shape.circle.radius_m / METRES_PER_UNIT;
  return [{ x: x - radius, y: y - radius }, { x: x + radius, y: y + radius }];
}

/** Where a place of the earth lies on the map of the districts. */
export function onMap({ latitude, longitude }) {
  return { x: (longitude - WEST) * NARROWING * UNITS_PER_DEGREE, y: (NORTH - latitude) * UNITS_PER_DEGREE };
}

function onEarth({ x, y }) {
  const rounded = (value) => Math.round(value * 1000) / 1000;
  return { latitude: rounded(NORTH - y / UNITS_PER_DEGREE), longitude: rounded(WEST + x / UNITS_PER_DEGREE / NARROWING) };
}

/** Metres between two places of this city, near enough for drawing a circle. */
export function metresBetween(one, other) {
  const [a, b] = [onMap(one), onMap(other)];
  return Math.hypot(a.x - b.x, a.y - b.y) * METRES_PER_UNIT;
}

/** Names where there is room for them. */
export function drawLabels(width) {
  const size = width / 30;
  const isEnglish = language() === "en";
  const said = DISTRICTS.map((district) => ({ ...district, name: isEnglish ? district.en : district.zh.replace(/區$/, "") }));
  return said.filter(({ name, room }) => room * 2.3 > size * name.length * (isEnglish ? 0.5 : 1))
    .map(({ name, x, y }) => svg("text", { x, y, "font-size": size, "stroke-width": size / 5 }, name));
}

function drawShape(shape, width) {
  if (shape.circle) {
    const { x, y } = onMap(shape.circle);
    return [svg("circle", { class: "shape", cx: x, cy: y, r: Math.max(shape.circle.radius_m / METRES_PER_UNIT, width / 250) }),
      svg("circle", { class: "corner", cx: x, cy: y, r: width / 150 })];
  }
  const points = shape.polygon.map(([latitude, longitude]) => onMap({ latitude, longitude }));
  const corners = shape.areCornersShown ? points.map(({ x, y }) => svg("circle", { class: "corner", cx: x, cy: y, r: width / 110 })) : [];
  return [svg("polygon", { class: "shape", points: points.map(({ x, y }) => `${x},${y}`).join(" ") }), corners];
}

/** Where it is drawn on, a press is a point, and a stroke goes from one to another. */
function listen(picture, { onPoint, onDrag }) {
  const placeOf = (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    return onEarth({ x, y });
  };
  let from = null;
  const isStroke = (event) => Math.hypot(event.clientX - from.x, event.clientY - from.y) > 6;
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !["circle", "polygon"].includes(picture.dataset.mode)) return;
    from = { place: placeOf(event), x: event.clientX, y: event.clientY };
    if (picture.dataset.mode === "circle") picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    if (from && picture.dataset.mode === "circle" && isStroke(event)) onDrag(from.place, placeOf(event));
  });
  picture.addEventListener("pointerup", (event) => {
    if (from && !(picture.dataset.mode === "circle" && isStroke(event))) onPoint(placeOf(event));
    from = null;
  });
  picture.addEventListener("pointercancel", () => { from = null; });
}
