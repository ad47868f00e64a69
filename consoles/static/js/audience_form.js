// Who is told: subscribers of a topic in an area, by places that count and facts that the topic may use.
import { areaForm } from "./area_form.js";
import { factName } from "./audience_words.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { card, checkBox, field } from "./parts.js";

const PLACE_KINDS = ["home", "work", "school"];
const WORDS = { none: "districts_none", near: "near_label", nearHint: "near_hint", nearNone: "near_none" };

/**
 * `audience` as the API has it. `onChange()` after each change. Answers {block, read(), setFacts(names), fields}: facts that the chosen topic
 * may be narrowed by; the fields by the API's pointers.
 */
export function audienceForm(audience, onChange) {
  const kinds = PLACE_KINDS.map((kind) => checkBox(t(`place_${kind}`), audience.place_kinds.includes(kind), onChange));
  const placesBlock = el("fieldset", { class: "group" }, el("legend", {}, t("place_kinds_label")), el("div", { class: "boxes" }, kinds.map(({ block }) => block)));
  const area = areaForm(audience, { onChange: () => { drawPlaces(); onChange(); }, words: WORDS, below: placesBlock });
  const facts = el("div", { class: "form" });
  const factsBlock = el("fieldset", { class: "group", hidden: true }, el("legend", {}, t("facts_label")), el("p", { class: "hint" }, t("facts_hint")), facts);
  let factFields = [];
  const drawPlaces = () => { placesBlock.hidden = area.chosen.size === 0; };
  const setFacts = (names) => {
    factFields = names.map((name) => factField(name, audience.facts.find((fact) => fact.name === name), onChange));
    fill(facts, factFields.map(({ block }) => block));
    factsBlock.hidden = names.length === 0;
  };
  drawPlaces();
  return {
    block: card(t("audience_title"), el("p", { class: "hint" }, t("audience_hint")), area.block, factsBlock),
    read: () => ({
      ...area.read(),
      place_kinds: area.chosen.size ? PLACE_KINDS.filter((kind, place) => kinds[place].input.checked) : [],
      facts: factFields.filter(({ isChosen }) => isChosen()).map(({ read }) => read()),
    }),
    setFacts,
    fields: area.fields,
  };
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
    read: () => ({ name, value: value.input.value.trim() || null }),
  };
}
