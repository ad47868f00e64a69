// An area: districts on a map or in a list, and near what.
import { REGIONS, areaMap, districtName } from "./area_map.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { nearForm } from "./near_form.js";
import { button, checkBox, freshId } from "./parts.js";

/**
 * `area`: {districts, near} as the API has it; `onChange()` after each change; `words`: keys of the texts {none, near, nearHint, nearNone};
 * `below`: what stands under the districts. Answers {block, read(), chosen (a Set of codes), fields}.
 */
export function areaForm(area, { onChange, words, below }) {
  const chosen = new Set(area.districts);
  const summary = el("p", { class: "map-summary" });
  const list = districtList(chosen, (changes) => { for (const [code, isChosen] of changes) chosen[isChosen ? "add" : "delete"](code); drawAll(); });
  const near = nearForm(area.near, { onChange: () => drawAll(), words });
  const map = areaMap(t("map_says"), {
    chosen: area.districts,
    shapes: near.shapes(),
    onDistrict: (code) => { chosen[chosen.has(code) ? "delete" : "add"](code); drawAll(); },
    onPoint: near.onPoint,
    onDrag: near.onDrag,
  });
  const clear = button(t("districts_clear"), () => { chosen.clear(); drawAll(); }, { kind: "small" });
  const draw = () => {
    map.setMode(near.kind() || "districts");
    map.show({ chosen: [...chosen], shapes: near.shapes() });
    list.draw();
    clear.hidden = chosen.size === 0;
    fill(summary, chosen.size ? t("districts_chosen", { n: chosen.size, names: [...chosen].sort().map(districtName).join(t("and")) }) : t(words.none));
  };
  const drawAll = () => { draw(); onChange(); };
  draw();
  return {
    block: el("div", { class: "map-and-list" }, el("div", {}, map.block, summary, clear), el("div", {}, list.block, below, near.block)),
    chosen,
    fields: near.fields,
    read: () => ({ districts: [...chosen].sort(), near: near.read() }),
  };
}

/** The districts as boxes in their four areas: the same choice as on the map, for keyboards and screen readers. `onChange([[code, isChosen]…])`. */
function districtList(chosen, onChange) {
  const boxes = new Map();
  const regions = REGIONS.map(([name, codes]) => {
    const count = el("span", { class: "hint" });
    const all = checkBox(t("region_all"), false, (isChecked) => onChange(codes.map((code) => [code, isChecked])));
    const own = codes.map((code) => {
      const box = checkBox(districtName(code), false, (isChecked) => onChange([[code, isChecked]]));
      boxes.set(code, box);
      return box;
    });
    const draw = () => {
      const n = codes.filter((code) => chosen.has(code)).length;
      fill(count, n ? t("region_chosen", { n, of: codes.length }) : "");
      all.input.checked = n === codes.length;
      all.input.indeterminate = n > 0 && n < codes.length;
    };
    const block = el("details", { class: "region" }, el("summary", {}, `${t(name)} `, count), el("div", { class: "boxes" }, all.block, own.map((each) => each.block)));
    return { block, draw };
  });
  const id = freshId("districts");
  const draw = () => {
    for (const [code, { input }] of boxes) input.checked = chosen.has(code);
    regions.forEach((region) => region.draw());
  };
  return { block: el("section", { "aria-labelledby": id }, el("h3", { id }, t("districts_label")), regions.map(({ block }) => block)), draw };
}
