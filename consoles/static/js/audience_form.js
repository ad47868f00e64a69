// Who is told: districts on a map or in a list, places that count, facts that the topic may use, and near what.
import { REGIONS, areaMap, districtName } from "./area_map.js";
import { factName } from "./audience_words.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { nearForm } from "./near_form.js";
import { button, card, checkBox, field, freshId } from "./parts.js";

const PLACE_KINDS = ["home", "work", "school"];

/**
 * `audience` as the API has it. `onChange()` after each change. Answers {block, read(), setFacts(names), fields}: facts that the chosen topic
 * may be narrowed by; the fields by the API's pointers.
 */
export function audienceForm(audience, onChange) {
  const chosen = new Set(audience.districts);
  const kinds = PLACE_KINDS.map((kind) => checkBox(t(`place_${kind}`), audience.place_kinds.includes(kind), onChange));
  const summary = el("p", { class: "map-summary" });
  const list = districtList(chosen, (code, isChosen) => { chosen[isChosen ? "add" : "delete"](code); drawAll(); });
  const near = nearForm(audience.near, () => drawAll());
  const map = areaMap(t("map_says"), {
    mode: "districts",
    onDistrict: (code) => { chosen[chosen.has(code) ? "delete" : "add"](code); drawAll(); },
    onPoint: near.onPoint,
    onDrag: near.onDrag,
  });
  const facts = el("div", { class: "form" });
  const factsBlock = el("fieldset", { class: "group", hidden: true }, el("legend", {}, t("facts_label")), el("p", { class: "hint" }, t("facts_hint")), facts);
  const placesBlock = el("fieldset", { class: "group" }, el("legend", {}, t("place_kinds_label")), el("div", { class: "boxes" }, kinds.map(({ block }) => block)));
  let factFields = [];

  const drawMap = () => {
    map.setMode(near.kind() || "districts");
    map.show({ chosen: [...chosen], shapes: near.shapes() });
    list.draw();
    fill(summary, chosen.size ? t("districts_chosen", { n: chosen.size, names: [...chosen].sort().map(districtName).join(t("and")) }) : t("districts_none"));
    placesBlock.hidden = chosen.size === 0;
  };
  const drawAll = () => { drawMap(); onChange(); };
  const setFacts = (names) => {
    factFields = names.map((name) => factField(name, audience.facts.find((fact) => fact.name === name), onChange));
    fill(facts, factFields.map(({ block }) => block));
    factsBlock.hidden = names.length === 0;
  };
  drawMap();

  return {
    block: card(t("audience_title"), el("p", { class: "hint" }, t("audience_hint")),
      el("div", { class: "map-and-list" },
        el("div", {}, map.block, summary, button(t("districts_clear"), () => { chosen.clear(); drawAll(); }, { kind: "small" })),
        el("div", {}, list.block, placesBlock, near.block)),
      factsBlock),
    read: () => ({
      districts: [...chosen].sort(),
      place_kinds: chosen.size ? PLACE_KINDS.filter((kind, place) => kinds[place].input.checked) : [],
      facts: factFields.filter(({ isChosen }) => isChosen()).map(({ read }) => read()),
      near: near.read(),
    }),
    setFacts,
    fields: near.fields,
  };
}

/** The districts as boxes in their four areas: the same choice as on the map, for keyboards and screen readers. */
function districtList(chosen, onChange) {
  const boxes = new Map();
  const regions = REGIONS.map(([name, codes]) => {
    const count = el("span", { class: "hint" });
    const all = checkBox(t("region_all"), false, (isChecked) => codes.forEach((code) => { if (chosen.has(code) !== isChecked) onChange(code, isChecked); }));
    const own = codes.map((code) => {
      const box = checkBox(districtName(code), false, (isChecked) => onChange(code, isChecked));
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

/** One fact: everybody of whom it is known, or those with one value of it. */
function factField(name, fact, onChange) {
  const value = field(t("fact_value"), { value: fact?.value || "", maxlength: 60, hint: t("fact_value_hint") });
  const box = checkBox(factName(name), Boolean(fact), (isChecked) => { value.block.hidden = !isChecked; onChange(); });
  value.block.hidden = !fact;
  value.input.addEventListener("input", onChange);
  return {
    block: el("div", {}, box.block, value.block),
    isChosen: () => box.input.checked,
    read: () => (value.input.value.trim() ? { name, value: value.input.value.trim() } : { name }),
  };
}
