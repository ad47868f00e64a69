// Near a place: a circle or a polygon, drawn on a map or written in numbers.
import { metresBetween } from "./area_map.js";
import { el } from "./dom.js";
import { t } from "./language.js";
import { button, choice, field } from "./parts.js";

const CENTRE = { latitude: 22.627, longitude: 120.301, radius_m: 1000 };
const LEAST_METRES = 300;
const MOST_METRES = 30_000;
const STEP_METRES = 100;

/**
 * `near`: null, {circle} or {polygon} as the API has it. `onChange()` after each change; `words`: keys of its texts. Answers {block, kind(), read(), shapes(),
 * onPoint(place), onDrag(from, to)}: the last two are for the map beside it.
 */
export function nearForm(near, { onChange, words }) {
  const kind = choice(t(words.near), [["", t(words.nearNone)], ["circle", t("near_circle")], ["polygon", t("near_polygon")]],
    { value: near?.circle ? "circle" : near?.polygon ? "polygon" : "" });
  const from = near?.circle || CENTRE;
  const number = (key, value, step) => field(t(key), { type: "number", inputmode: "decimal", step, value });
  const latitude = number("near_latitude", from.latitude, "0.001");
  const longitude = number("near_longitude", from.longitude, "0.001");
  const radius = number("near_radius", from.radius_m, String(STEP_METRES));
  const corners = field(t("near_corners"), { name: "textarea", rows: 4, spellcheck: "false", hint: t("near_corners_hint") });
  corners.input.value = (near?.polygon || []).slice(0, isClosed(near?.polygon) ? -1 : undefined).map((point) => point.join(", ")).join("\n");
  const circleFields = el("div", { class: "near-fields" }, el("p", { class: "hint" }, t("near_circle_how")),
    el("div", { class: "form-row" }, latitude.block, longitude.block, radius.block));
  const polygonFields = el("div", { class: "near-fields" }, el("p", { class: "hint" }, t("near_polygon_how")), corners.block,
    el("div", { class: "actions" }, button(t("near_undo"), () => setPoints(points().slice(0, -1)), { kind: "small" }),
      button(t("near_clear"), () => setPoints([]), { kind: "small" })));

  const changed = () => {
    circleFields.hidden = kind.input.value !== "circle";
    polygonFields.hidden = kind.input.value !== "polygon";
    onChange();
  };
  const points = () => corners.input.value.split("\n").map((line) => line.split(/[,\s]+/).filter(Boolean).map(Number))
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
  const setPoints = (next) => { corners.input.value = next.map((point) => point.join(", ")).join("\n"); changed(); };
  const circle = () => ({ latitude: Number(latitude.input.value), longitude: Number(longitude.input.value), radius_m: Math.round(Number(radius.input.value)) });
  const setCircle = (place, metres) => {
    latitude.input.value = place.latitude;
    longitude.input.value = place.longitude;
    if (metres) radius.input.value = Math.min(MOST_METRES, Math.max(LEAST_METRES, Math.round(metres / STEP_METRES) * STEP_METRES));
    changed();
  };
  const read = () => {
    if (kind.input.value === "circle") return { circle: circle() };
    const ring = points();
    return kind.input.value === "polygon" && ring.length ? { polygon: [...ring, ring[0]] } : null;
  };

  for (const input of [kind.input, latitude.input, longitude.input, radius.input, corners.input]) input.addEventListener("input", changed);
  circleFields.hidden = kind.input.value !== "circle";
  polygonFields.hidden = kind.input.value !== "polygon";
  return {
    block: el("div", {}, kind.block, el("p", { class: "hint" }, t(words.nearHint)), circleFields, polygonFields),
    kind: () => kind.input.value,
    fields: { "/audience/near/circle/radius_m": radius, "/audience/near/circle": latitude, "/audience/near/polygon": corners, "/audience/near": kind },
    read,
    shapes: () => {
      if (kind.input.value === "circle") return [{ circle: circle() }];
      return kind.input.value === "polygon" ? [{ polygon: points(), areCornersShown: true }] : [];
    },
    onPoint: (place) => {
      if (kind.input.value === "circle") setCircle(place);
      else setPoints([...points(), [place.latitude, place.longitude]]);
    },
    onDrag: (middle, edge) => setCircle(middle, metresBetween(middle, edge)),
  };
}

function isClosed(ring) {
  return Boolean(ring) && ring.length > 1 && String(ring[0]) === String(ring[ring.length - 1]);
}
