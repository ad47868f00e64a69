// Where I am at home, at work and at school, and what may decide what I get: all of it my choice, and taken back with one press.
import { call } from "../api.js";
import { deviceId } from "../device.js";
import { announce, el } from "../dom.js";
import { icon } from "../icons.js";
import { phrase, t } from "../language.js";
import { fieldError, freshId, heading, mark } from "../parts.js";
import { selectField } from "../select_field.js";
import { state } from "../state.js";
import { bigSwitch } from "../switch.js";
import { positionPart } from "./position_part.js";

const PLACES = ["home", "work", "school"];

export async function aboutMe({ signal }) {
  const asked = ["/v1/notification-places", "/v1/notification-facts", "/v1/devices"].map((path) => call("GET", path, { signal }));
  const [places, facts, devices, hereId] = await Promise.all([...asked, deviceId()]);
  const title = t("about_me_title");
  return {
    title,
    content: [heading(title, { back: "/app/notifications", backText: t("notifications_title") }),
      el("section", { class: "card" }, el("h2", {}, icon("pin"), " ", t("places_title")), el("p", { class: "lead" }, t("places_detail")),
        el("div", { class: "form" }, PLACES.map((kind) => placeField(kind, places)))),
      positionPart(devices.items, hereId),
      el("section", {}, el("h2", { class: "section-title" }, t("facts_title")), el("p", { class: "lead" }, t("facts_detail")), facts.items.map(factCard))],
  };
}

/** Kept as soon as it is chosen; "not given" deletes it. */
function placeField(kind, places) {
  const districts = state.config.districts.map(({ code, name }) => [code, phrase(name)]);
  const choice = selectField(t(`place_${kind}`), [["", t("place_none")], ...districts], { value: places[kind] || "" });
  choice.input.addEventListener("change", async () => {
    const wanted = choice.input.value || null;
    try {
      Object.assign(places, await call("PUT", "/v1/notification-places", { body: { ...places, [kind]: wanted } }));
      choice.setError("");
      announce(t("saved"));
    } catch (failure) {
      choice.input.value = places[kind] || "";
      choice.setError(failure.detail || t("not_saved"));
    }
  });
  return choice.block;
}

function factCard(fact) {
  return el("div", { class: "card fact" }, fact.is_sensitive && mark("warn", t("fact_sensitive"), "shield"),
    fact.choices.length > 0 ? choicesOf(fact) : factSwitch(fact));
}

function factSwitch(fact) {
  const control = bigSwitch(fact.label, fact.is_allowed, (wanted) => setFact(fact, [], wanted), { hint: fact.used_for });
  return control.block;
}

/** Which of several it is: kept with each tick, and deleted with the last one taken away. */
function choicesOf(fact) {
  const hint = freshId("fact");
  const problem = fieldError();
  let chosen = fact.values;
  const boxes = fact.choices.map(({ code, name }) => {
    const box = el("input", { type: "checkbox", class: "check", checked: chosen.includes(code), on: { change: async () => {
      const wanted = box.checked ? [...chosen, code] : chosen.filter((each) => each !== code);
      try {
        await setFact(fact, wanted, wanted.length > 0);
        chosen = wanted;
        problem.say("");
      } catch (failure) {
        box.checked = !box.checked;
        problem.say(failure.detail || t("not_saved"));
      }
    } } });
    return el("label", { class: "choice small" }, box, el("span", {}, name));
  });
  return el("fieldset", { "aria-describedby": hint }, el("legend", { class: "switch-label" }, fact.label), el("p", { class: "hint", id: hint }, fact.used_for),
    el("div", { class: "choices in-line" }, boxes), problem.element);
}

async function setFact(fact, values, isAllowed) {
  const address = `/v1/notification-facts/${encodeURIComponent(fact.name)}`;
  if (isAllowed) await call("PUT", address, { body: { values } });
  else await call("DELETE", address);
  announce(t(isAllowed ? "fact_allowed" : "fact_taken_back", { name: fact.label }));
}
