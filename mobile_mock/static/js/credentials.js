// The fields that several ways to sign in begin with: number, mobile, password; and the demo citizens who fill them in.
import { isCitizenNumber, isMobileNumber, normalise } from "./citizen_number.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { phrase, t } from "./language.js";
import { field, notice } from "./parts.js";
import { state } from "./state.js";

const SHORTEST_PASSWORD = 10;

/** The ID number: a field whose `check()` says whether it can be right, and whose `value()` is as the API wants it. */
export function numberField() {
  const entry = field(t("national_id"), { hint: t("national_id_hint"), name: "username", autocomplete: "username webauthn",
    autocapitalize: "characters", spellcheck: "false", maxlength: "14", required: true });
  const checked = checkedField(entry, isCitizenNumber, "national_id_wrong");
  entry.input.addEventListener("blur", () => entry.input.value && checked.check());
  return checked;
}

/** A mobile number, checked the same way. */
export function mobileField() {
  return checkedField(field(t("mobile"), { hint: t("mobile_hint"), name: "tel", type: "tel", autocomplete: "tel-national", inputmode: "tel",
    maxlength: "14", required: true }), isMobileNumber, "mobile_wrong");
}

/** A password; a new one must be long enough. `value()` is exactly what was typed. */
export function passwordField({ isNew = false, label = t("password"), name = "password" } = {}) {
  const entry = field(label, { hint: isNew ? t("password_hint", { n: SHORTEST_PASSWORD }) : undefined, type: "password", name,
    autocomplete: isNew ? "new-password" : "current-password", required: true });
  const check = () => {
    const isRight = entry.input.value.length >= (isNew ? SHORTEST_PASSWORD : 1);
    entry.setError(isRight ? "" : t(isNew ? "password_short" : "password_missing", { n: SHORTEST_PASSWORD }));
    return isRight;
  };
  return { ...entry, check, value: () => entry.input.value };
}

/** A code of `length` digits; full-width ones are put right. */
export function codeField(label, { hint, length = 6, wrong = t("code_wrong"), ...attributes } = {}) {
  const entry = field(label, { hint, name: "code", autocomplete: "one-time-code", inputmode: "numeric", pattern: "[0-9]*", maxlength: String(length),
    class: "input code", required: true, ...attributes });
  const isWhole = () => new RegExp(`^[0-9]{${length}}$`).test(normalise(entry.input.value));
  const check = () => { entry.setError(isWhole() ? "" : wrong); return isWhole(); };
  entry.input.addEventListener("input", () => isWhole() && entry.setError(""));
  return { ...entry, check, value: () => normalise(entry.input.value) };
}

/** Whether every one of these fields may be right; the first that is not gets the focus. */
export function allRight(fields) {
  const wrong = fields.filter((entry) => !entry.check())[0];
  wrong?.input.focus();
  return !wrong;
}

/** In the demo: citizens to try it as. Each fills in the fields that are there. */
export function demoPanel(fields, problem) {
  if (!state.config.demo) return null;
  const { people, sandbox_url: sandbox } = state.config;
  const choose = (person) => {
    for (const [name, entry] of Object.entries(fields)) {
      entry.input.value = person[name];
      entry.setError("");
    }
    fill(problem, notice("info", t("demo_filled", { name: phrase(person.name) }), el("p", {}, t("demo_filled_detail"))));
  };
  return el("details", { class: "demo" }, el("summary", {}, icon("info"), t("demo_title")),
    el("p", {}, t("demo_detail")),
    el("ul", { class: "demo-people", role: "list" }, people.map((person) => el("li", {},
      el("button", { type: "button", class: "demo-person", on: { click: () => choose(person) } },
        el("span", { class: "demo-name" }, phrase(person.name)),
        el("span", { class: "demo-story" }, phrase(person.story)),
        el("code", {}, person.national_id))))),
    sandbox && el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox"))));
}

function checkedField(entry, isRight, wrongKey) {
  const value = () => normalise(entry.input.value);
  const check = () => {
    entry.setError(isRight(value()) ? "" : t(wrongKey));
    return isRight(value());
  };
  return { ...entry, check, value };
}
