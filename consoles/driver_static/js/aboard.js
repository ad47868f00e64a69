// Somebody gets in: they say the four digits that stand on their phone or in their text message.
import { el, fill } from "./dom.js";
import { busy, button, field, sheet } from "./parts.js";
import { t } from "./words.js";

const LENGTH = 4;

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
    return [el("p", {}, t("code_ask", { name: stop.rider?.name || t("rider") })),
      el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, send), button(t("back"), close, { kind: "wide" })];
  });
}
