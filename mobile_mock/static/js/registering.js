// Registering: number, mobile and password, then the code from a text message.
import { call } from "./api.js";
import { allRight, demoPanel, mobileField, numberField, passwordField } from "./credentials.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { busy, button } from "./parts.js";
import { drawSmsCode } from "./sms_code.js";

/** Fill `around.card` (see sign_in_methods.js); ends in a session. */
export function drawRegistering(around) {
  around.onlyThis(false);
  const problem = el("div");
  const fields = { national_id: numberField(), mobile: mobileField(), password: passwordField({ isNew: true }) };
  const send = button(t("register_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight(Object.values(fields))) return undefined;
    return busy(send, problem, async () => {
      const body = Object.fromEntries(Object.entries(fields).map(([name, entry]) => [name, entry.value()]));
      const challenge = await call("POST", "/v1/auth/password/register", { body, signal: around.signal, quiet: true });
      drawSmsCode(around, challenge, { again: () => drawRegistering(around) });
    });
  };
  fill(around.card,
    el("form", { class: "form", novalidate: true, on: { submit } }, Object.values(fields).map((entry) => entry.block), problem, send),
    demoPanel(fields, problem));
}
