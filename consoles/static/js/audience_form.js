// Who is told: subscribers of a topic in an area, by places that count and facts that the topic may use.
import { areaForm } from "./area_form.js";
import { factName, valueName } from "./audience_words.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { card, checkBox, choice, field } from "./parts.js";

const PLACE_KINDS = ["home", "work", "school"];
// The values of which a fact may have one; of the others one only knows that they are so.
const VALUES = {
  commutes_on: [
    "metro-red", "metro-orange", "light-rail", "tra", "freeway-1", "freeway-10",
    "expressway-88", "provincial-17", "zhongshan-road", "bo-ai-road", "cross-harbour", "cijin-ferry",
  ],
};
// Things of a bureau that one may subscribe about; others belong to somebody, and name a person.
const SUBJECT_KINDS = ["roadworks"];
const WORDS = { none: "districts_none", near: "near_label", nearHint: "near_hint", nearNone: "near_none" };

/**
 * `audience` as the API has it. `onChange()` after each change. Answers {block, read(), setTopic(topic), fields}: what it may be narrowed
 * by depends on the topic; the fields by the API's pointers.
 */
export function audienceForm(audience, onChange) {
  const kinds = PLACE_KINDS.map((kind) => checkBox(t(`place_${kind}`), audience.place_kinds.includes(kind), onChange));
  const placesBlock = el("fieldset", { class: "group" }, el("legend", {}, t("place_kinds_label")), el("div", { class: "boxes" }, kinds.map(({ block }) => block)));
  const area = areaForm(audience, { onChange: () => { drawPlaces(); onChange(); }, words: WORDS, below: placesBlock });
  const facts = el("div", { class: "form" });
  const factsBlock = el("fieldset", { class: "group", hidden: true }, el("legend", {}, t("facts_label")), el("p", { class: "hint" }, t("facts_hint")), facts);
  let factFields = [];
  const drawPlaces = () => { placesBlock.hidden = area.chosen.size === 0; };
  const subject = field(t("subject_label"), { value: audience.subject || "", maxlength: 120, spellcheck: "false", hint: t("subject_hint") });
  subject.input.addEventListener("input", onChange);
  const setTopic = ({ facts: names, subject_kind: kind }) => {
    subject.block.hidden = !SUBJECT_KINDS.includes(kind);
    factFields = names.map((name) => factField(name, audience.facts.find((fact) => fact.name === name), onChange));
    fill(facts, factFields.map(({ block }) => block));
    factsBlock.hidden = names.length === 0;
  };
  drawPlaces();
  return {
    block: card(t("audience_title"), el("p", { class: "hint" }, t("audience_hint")), area.block, factsBlock, subject.block),
    read: () => ({
      ...area.read(),
      place_kinds: area.chosen.size ? PLACE_KINDS.filter((kind, place) => kinds[place].input.checked) : [],
      facts: factFields.filter(({ isChosen }) => isChosen()).map(({ read }) => read()),
      subject: (!subject.block.hidden && subject.input.value.trim()) || null,
    }),
    setTopic,
    fields: { ...area.fields, "/audience/subject": subject },
  };
}

/** One fact: everybody of whom it is so, or those with one value of it. */
function factField(name, fact, onChange) {
  const values = VALUES[name] || [];
  const value = choice(t("fact_value"), [["", t("fact_value_any")], ...values.map((each) => [each, valueName(each)])], { value: fact?.value || "" });
  const draw = (isChecked) => { value.block.hidden = !isChecked || !values.length; };
  const box = checkBox(factName(name), Boolean(fact), (isChecked) => { draw(isChecked); onChange(); });
  draw(Boolean(fact));
  value.input.addEventListener("input", onChange);
  return { block: el("div", {}, box.block, value.block), isChosen: () => box.input.checked, read: () => ({ name, value: value.input.value || null }) };
}
