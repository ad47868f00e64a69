// Somebody gets in: they say the four digits that stand on their phone or in their text message.
import { el, fill } from "./dom.js";
import { busy, button, field, sheet } from "./parts.js";
import { t } from "./words.js";

const LENGTH = 4;
const REASONS = ["code_none_speech", "code_none_phone", "code_none_other"];

/** Ask for the code, and press `aboard` with it. A wrong one is said here while there is a network. */
export function aboardSheet(stop, { pressed }) {
  sheet(t("code_title"), (close) => {
    const code = field(t("code"), { class: "input code four", inputmode: "numeric", maxlength: LENGTH, enterkeyhint: "done", pattern: "[0-9]*" });
    const problem = el("div");
    const send = el("button", { type: "submit", class: "button primary big" }, t("code_send"));
    const submit = (event) => {
      event.preventDefault();
      const typed = code.input.value.normalize("NFKC").trim();
      if (!/^[0-9]{4}$/.test(typed)) { code.setError(t("code_wrong")); return; }
      code.setError("");
      busy(send, problem, async () => {
        try {
          await pressed("aboard", stop, { code: typed });
          close();
        } catch (failure) {
          code.input.value = "";
          code.input.focus();
          throw failure;
        }
      });
    };
    code.input.addEventListener("input", () => fill(problem));
    const without = button(t("code_none"), () => { close(); withoutCode(stop, { pressed }); }, { kind: "wide" });
    return [el("p", {}, t("code_ask", { name: stop.rider?.name || t("rider") })),
      el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, send), without, button(t("back"), close, { kind: "wide" })];
  });
}

/** Some cannot speak, or have neither phone nor message with them: the driver writes down why there is no code. */
function withoutCode(stop, { pressed }) {
  sheet(t("code_none_title"), (close) => {
    const problem = el("div");
    const pick = (reason) => {
      const chosen = button(t(reason), () => busy(chosen, problem, async () => {
        await pressed("aboard", stop, { reason: t(reason) });
        close();
      }), { kind: "wide" });
      return chosen;
    };
    return [el("p", {}, t("code_none_ask", { name: stop.rider?.name || t("rider") })), REASONS.map(pick), problem, button(t("back"), close, { kind: "wide" })];
  });
}
