// How a device becomes a till, and how somebody comes on shift at it.
import { Refusal, call } from "./api.js";
import { el, focusOn } from "./dom.js";
import { OVER_KEYS, busy, field, keypad } from "./parts.js";
import { t } from "./words.js";

/** The screen of a device that is no till yet, or no longer. */
export function enrolScreen({ onDone }) {
  const code = field(t("enrol_code"), { class: "input code", autocapitalize: "characters", spellcheck: "false", maxlength: 24, hint: t("enrol_hint") });
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary big" }, t("enrol_button"));
  const submit = (event) => {
    event.preventDefault();
    const typed = code.input.value.normalize("NFKC").trim();
    if (!/^[0-9A-Za-z][0-9A-Za-z -]{5,22}[0-9A-Za-z]$/.test(typed)) { code.setError(t("enrol_missing")); return; }
    code.setError("");
    busy(pressed, problem, async () => {
      await call("POST", "/v1/till/enrolments", { body: { code: typed, transport: "cookie" }, quiet: true });
      onDone();
    });
  };
  return {
    title: t("enrol_title"), focus: "input",
    content: el("div", { class: "narrow" }, el("h1", {}, t("enrol_title")), el("p", {}, t("enrol_intro")),
      el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, pressed)),
  };
}

/** The screen of a till at which nobody is. */
export function shiftScreen({ till, hasUnanswered, onDone }) {
  const staff = field(t("staff_number"), { class: "input code", inputmode: OVER_KEYS, maxlength: 6, enterkeyhint: "next" });
  const pin = field(t("pin"), { class: "input code", type: "password", inputmode: OVER_KEYS, maxlength: 6, hint: t("pin_hint") });
  const problem = el("div");
  let current = staff.input;
  for (const each of [staff, pin]) each.input.addEventListener("focus", () => { current = each.input; });
  pin.input.addEventListener("input", () => { if (pin.input.value.length === 6 && /^[0-9]{2,6}$/.test(staff.input.value)) pressed.form?.requestSubmit(); });
  const pressed = el("button", { type: "submit", class: "button primary big" }, t("shift_begin"));
  const submit = (event) => {
    event.preventDefault();
    if (!/^[0-9]{2,6}$/.test(staff.input.value)) { staff.setError(t("staff_wrong")); return; }
    staff.setError("");
    if (pin.input.value === "" || current === staff.input && pin.input.value.length < 6) { pin.input.focus(); return; }
    if (!/^[0-9]{6}$/.test(pin.input.value)) { pin.setError(t("pin_wrong")); return; }
    pin.setError("");
    busy(pressed, problem, async () => {
      try {
        await call("POST", "/v1/till/shifts", { body: { staff_number: staff.input.value, pin: pin.input.value }, quiet: true });
      } catch (failure) {
        pin.input.value = "";
        focusOn(failure instanceof Refusal ? pin.input : pressed);
        throw failure;
      }
      await onDone();
    });
  };
  return {
    title: t("shift_title"), focus: "input",
    content: el("div", { class: "narrow" }, el("h1", {}, t("shift_title")), el("p", { class: "hint" }, t("shift_intro", { till: till.name })),
      hasUnanswered && el("p", { class: "notice warn" }, t("shift_unanswered")),
      el("form", { class: "form", novalidate: true, on: { submit } }, staff.block, pin.block, problem, keypad(() => current), pressed)),
  };
}
