// The city by its districts: each coloured and numbered by how much there is in it, to choose one by finger, mouse or keys.
import { DISTRICTS } from "./districts.js";
import { el, fill, svg } from "./dom.js";
import { language, t } from "./language.js";
import { button } from "./parts.js";

const RATIO = 0.8;
// What is shown: [text's key, x, y, width]; the height follows.
const VIEWS = [["map_plain", 0, 520, 420], ["map_centre", 62, 770, 145], ["map_city", -15, -8, 850]];
const MANY = [1, 5, 20];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The name of a district, or its code. */
export function districtName(code) {
  const district = DISTRICTS.find((each) => each.code === code);
  if (!district) return code;
  return language() === "en" ? district.en : district.zh;
}

/**
 * {block, show(counts, chosen)}: `counts` is a Map from a district's code to a number, `chosen` a code or "". Who presses a
 * district, or Enter or Space on it, has it passed to `onChoose`; arrow keys go to the next one in that direction.
 */
export function districtMap(says, { onChoose }) {
  const ring = svg("path", { class: "map-ring", "aria-hidden": "true" });
  const labels = svg("g", { class: "map-numbers", "aria-hidden": "true" });
  const paths = new Map(DISTRICTS.map((district) => [district.code, svg("path", { d: district.outline, role: "button", tabindex: "-1" })]));
  const picture = svg("svg", { class: "district-map", role: "group", "aria-label": says }, svg("g", {}, [...paths.values()]), ring, labels);
  const views = VIEWS.map((view) => button(t(view[0]), () => lookAt(view), { kind: "small", "aria-pressed": "false" }));
  let now = { counts: new Map(), chosen: "" };
  let width = 0;

  const lookAt = (view) => {
    const [, x, y] = view;
    width = view[3];
    picture.setAttribute("viewBox", `${x} ${y} ${width} ${width / RATIO}`);
    views.forEach((each, place) => each.setAttribute("aria-pressed", String(VIEWS[place] === view)));
    fill(labels, numbers(now.counts, width));
  };
  const reachable = (code) => { for (const [each, path] of paths) path.setAttribute("tabindex", each === code ? "0" : "-1"); };
  const show = (counts, chosen) => {
    now = { counts, chosen };
    for (const [code, path] of paths) {
      const count = counts.get(code) || 0;
      path.setAttribute("class", `district many-${MANY.filter((least) => count >= least).length}`);
      path.setAttribute("aria-pressed", String(code === chosen));
      path.setAttribute("aria-label", t("map_district", { name: districtName(code), n: count }));
    }
    ring.setAttribute("d", chosen ? DISTRICTS.find(({ code }) => code === chosen).outline : "");
    reachable(chosen || DISTRICTS[0].code);
    fill(labels, numbers(counts, width));
  };
  for (const [code, path] of paths) {
    path.addEventListener("click", () => onChoose(code));
    path.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onChoose(code); }
      const next = ARROWS[event.key] && neighbour(code, ARROWS[event.key]);
      if (!next) return;
      event.preventDefault();
      reachable(next);
      paths.get(next).focus();
    });
  }
  lookAt(VIEWS[0]);
  return { block: el("div", { class: "map-block" }, el("div", { class: "map-views" }, views), picture), show };
}

/** The nearest district whose middle lies in that direction, within 45° on either side. */
function neighbour(code, [right, down]) {
  const from = DISTRICTS.find((each) => each.code === code);
  const ahead = DISTRICTS.filter((each) => {
    const along = (each.x - from.x) * right + (each.y - from.y) * down;
    return along > 0 && along >= Math.abs((each.x - from.x) * down) + Math.abs((each.y - from.y) * right) - 1e-9;
  });
  const distance = ({ x, y }) => Math.hypot(x - from.x, y - from.y);
  return ahead.sort((one, other) => distance(one) - distance(other))[0]?.code;
}

/** Numbers where there is room for them at this width; names too where there is more. */
function numbers(counts, width) {
  const size = width / 26;
  return DISTRICTS.filter(({ room }) => room * 2 > size).map((district) => {
    const count = counts.get(district.code) || 0;
    const name = language() === "en" ? district.en : district.zh.replace(/區$/, "");
    const hasName = district.room * 2.2 > size * name.length * (language() === "en" ? 0.55 : 1) && district.room > size;
    return [hasName && svg("text", { x: district.x, y: district.y - (count ? size * 0.35 : -size * 0.35), "font-size": size * 0.85 }, name),
      count > 0 && svg("text", { class: "map-number", x: district.x, y: district.y + (hasName ? size * 0.75 : size * 0.35), "font-size": size }, count)];
  });
}
