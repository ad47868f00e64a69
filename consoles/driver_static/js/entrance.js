// How somebody begins to drive: the van's number and their own PIN.
import { Refusal, call } from "./api.js";
import { el, focusOn } from "./dom.js";
import { busy, field } from "./parts.js";
import { t } from "./words.js";

const VEHICLE = "driver.vehicle";

/** The screen before the day. `unsentOf`: the vehicle whose taps still wait on this phone, or null. */
export function entrance({ unsentOf, isOver, onDone }) {
  const vehicle = field(t("vehicle_number"), {
    class: "input code", autocapitalize: "characters", spellcheck: "false", maxlength: 12, hint: t("vehicle_hint"), enterkeyhint: "next",
    value: unsentOf || window.localStorage.getItem(VEHICLE) || "",
  });
  const pin = field(t("pin"), { class: "input code", type: "password", inputmode: "numeric", maxlength: 6, hint: t("pin_hint"), enterkeyhint: "go" });
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary big" }, t("begin"));
  const submit = (event) => {
    event.preventDefault();
    vehicle.setError("");
    pin.setError("");
    const number = vehicle.input.value.normalize("NFKC").trim().toUpperCase();
    if (!/^[A-Z0-9-]{2,12}$/.test(number)) { vehicle.setError(t("vehicle_missing")); return; }
    if (!/^[0-9]{6}$/.test(pin.input.value)) { pin.setError(t("pin_wrong")); return; }
    busy(pressed, problem, async () => {
      try {
        await call("POST", "/v1/driver/session", { body: { vehicle: number, pin: pin.input.value }, quiet: true });
      } catch (failure) {
        pin.input.value = "";
        focusOn(failure instanceof Refusal ? pin.input : pressed);
        throw failure;
      }
      window.localStorage.setItem(VEHICLE, number);
      await onDone();
    });
  };
  return {
    title: t("begin_title"), focus: vehicle.input.value ? "input[type=password]" : "input",
    content: [el("h1", {}, t("begin_title")), isOver && el("p", { class: "notice warn" }, t("session_over")),
      unsentOf && el("p", { class: "notice warn" }, t("unsent_before", { vehicle: unsentOf })),
      el("form", { class: "form", novalidate: true, on: { submit } }, vehicle.block, pin.block, problem, pressed)],
  };
}
