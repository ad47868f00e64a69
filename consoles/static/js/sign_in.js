// Signing in with a passkey, and enrolling one with the code from the roster.
import { el } from "./dom.js";
import { t } from "./language.js";
import { setOfficer } from "./officer.js";
import { busy, button, card, field, heading, notice } from "./parts.js";
import { enrol, passkeysWork, signIn } from "./passkeys.js";

const CODE_LENGTH = 16;

/** The screen; `onSignedIn()` leads on. `isOver`: a session has just ended by itself. */
export function signInScreen({ isOver, onSignedIn }) {
  const content = [heading(t("sign_in"), { intro: t("sign_in_intro") })];
  if (isOver) content.push(notice("warn", t("session_over"), el("p", {}, t("session_over_detail"))));
  if (passkeysWork()) content.push(returning(onSignedIn), firstTime(onSignedIn));
  else content.push(notice("bad", t("no_passkeys"), el("p", {}, t("no_passkeys_detail"))));
  return { title: t("sign_in"), content: el("div", { class: "narrow" }, content) };
}

function returning(onSignedIn) {
  const problem = el("div");
  const pressed = button(t("sign_in_button"), () => busy(pressed, problem, async () => {
    setOfficer(await signIn());
    await onSignedIn();
  }), { kind: "primary wide" });
  return card(null, problem, pressed);
}

function firstTime(onSignedIn) {
  const problem = el("div");
  const code = field(t("enrol_code"), {
    hint: t("enrol_hint"), autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", maxlength: 32, required: true,
  });
  const pressed = el("button", { type: "submit", class: "button wide" }, t("enrol_button"));
  const submit = (event) => {
    event.preventDefault();
    const isWhole = code.input.value.replace(/[^0-9A-Za-z]/g, "").length === CODE_LENGTH;
    code.setError(isWhole ? "" : t("enrol_missing"));
    if (!isWhole) return;
    busy(pressed, problem, async () => {
      setOfficer(await enrol(code.input.value));
      await onSignedIn();
    });
  };
  return card(t("enrol_title"), el("p", { class: "hint" }, t("enrol_intro")),
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, pressed));
}
