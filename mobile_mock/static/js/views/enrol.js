// A code from the service counter: the ID number, the code on the paper, a passkey on this phone; then signed in.
import { allRight, numberField } from "../credentials.js";
import { el } from "../dom.js";
import { t } from "../language.js";
import { busy, button, field, heading, notice } from "../parts.js";
import { AlreadyHere, enrolWithCode, passkeysWork } from "../passkeys.js";
import { go } from "../router.js";

const CODE_LENGTH = 16;

/** The paper's picture leads here with the code after `#`, which no server is sent. */
export async function enrol(_place, { refreshMe }) {
  const title = t("enrol_title");
  if (!passkeysWork()) {
    return { title, content: [heading(title, { back: "/app/sign-in" }), notice("warn", t("enrol_no_passkeys"), el("p", {}, t("enrol_no_passkeys_detail")))] };
  }
  const problem = el("div");
  const number = numberField();
  const code = codeOnPaper();
  const send = button(t("enrol_send"), null, { kind: "primary wide", type: "submit", iconName: "finger" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([number, code])) return undefined;
    return busy(send, problem, async () => {
      try {
        await enrolWithCode({ national_id: number.value(), code: code.value() }, t("passkey_default_name"));
      } catch (failure) {
        if (!(failure instanceof AlreadyHere)) throw failure;
        problem.append(notice("info", t("passkey_already_here"), el("p", {}, t("enrol_already_detail"))));
        return;
      }
      window.history.replaceState({}, "", "/app/enrol");
      await refreshMe();
      await go("/app", { replace: true });
    });
  };
  return {
    title,
    content: [heading(title, { back: "/app/sign-in" }), el("section", { class: "card" },
      el("form", { class: "form", novalidate: true, autocomplete: "off", on: { submit } }, el("p", {}, t("enrol_detail")), number.block, code.block, problem, send)),
    notice("info", t("enrol_no_code"), el("p", {}, t("enrol_no_code_detail")))],
  };
}

function codeOnPaper() {
  const entry = field(t("enrol_code"), { hint: t("enrol_code_hint"), name: "code", autocomplete: "off", autocapitalize: "characters",
    spellcheck: "false", maxlength: "32", required: true });
  entry.input.value = new URLSearchParams(window.location.hash.slice(1)).get("code") || "";
  const isWhole = () => entry.input.value.replace(/[^0-9A-Za-z]/g, "").length === CODE_LENGTH;
  const check = () => { entry.setError(isWhole() ? "" : t("enrol_code_wrong")); return isWhole(); };
  return { ...entry, check, value: () => entry.input.value.trim() };
}
