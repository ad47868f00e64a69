// What a topic is to be about: all of it, or single vehicles, bills, works and districts, each with a switch of its own.
import { el, fill, focusOn } from "../dom.js";
import { inGroups } from "../groups.js";
import { t } from "../language.js";
import { button, notice } from "../parts.js";
import { selectField } from "../select_field.js";
import { topicSwitch } from "./topic_card.js";

/** `choices`: what the API says there is to choose from; `live`: what is taken of it. */
export function subjectPicker(item, choices, live, anchor) {
  const whole = live.find((each) => !each.subject) || null;
  const singles = el("div", { class: "subjects" });
  const taken = live.filter((each) => each.subject);
  const one = (choice) => topicSwitch(item, taken.find((each) => each.subject === choice.subject) || null, anchor, { subject: choice.subject, label: choice.name });
  const gone = taken.filter((each) => !choices.some(({ subject }) => subject === each.subject)).map(({ subject, subject_name: name }) => ({ subject, name, kind: kindOf(subject) }));
  const listed = inGroups([...choices, ...gone].filter(({ kind, subject }) => kind !== "district" || taken.some((each) => each.subject === subject)), ({ kind }) => kind);
  const nothing = listed.length === 0 && !choices.some(({ kind }) => kind === "district");
  fill(singles, listed.map(([kind, group]) => el("div", { role: "group", "aria-label": t(`about_${kind}`) }, el("h2", { class: "section-title" }, t(`about_${kind}`)), group.map(one))),
    districtAdder(choices.filter((choice) => choice.kind === "district" && !taken.some((each) => each.subject === choice.subject)), one),
    nothing && item.needs_subject && notice("info", t("nothing_to_choose"), el("p", {}, t(`nothing_to_choose_${item.subject_kind === "vehicle" ? "vehicle" : "else"}`)),
      item.subject_kind === "vehicle" && el("p", {}, el("a", { class: "link", href: "/app/me/vehicles" }, t("vehicles_title")))));
  const changed = (subscription) => { singles.hidden = subscription !== null; };
  return [!item.needs_subject && topicSwitch(item, whole, anchor, { label: t("about_all"), changed }), singles];
}

/** The 38 districts are too many for switches: one is chosen from a list and becomes a switch that is on. */
function districtAdder(districts, one) {
  if (districts.length === 0) return null;
  const added = el("div");
  const choice = selectField(t("about_district"), [["", t("choose_one")], ...districts.map(({ subject, name }) => [subject, name])]);
  const add = button(t("add_district"), () => {
    const chosen = districts.find(({ subject }) => subject === choice.input.value);
    choice.setError(chosen ? "" : t("choose_one"));
    if (!chosen) return choice.input.focus();
    const block = one(chosen);
    added.append(block);
    choice.input.querySelector(`option[value="${chosen.subject}"]`).remove();
    choice.input.value = "";
    block.querySelector("input").click();
    return focusOn(block.querySelector("input"));
  }, { kind: "small", iconName: "plus" });
  return el("div", {}, added, el("div", { class: "subject-adder" }, choice.block, add));
}

function kindOf(subject) {
  if (subject.startsWith("veh_")) return "vehicle";
  return subject.startsWith("bill_") ? "bill" : subject.split(":")[0];
}
