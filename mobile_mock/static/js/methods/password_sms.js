// Signing in with number and password, then the code from a text message.
import { call } from "../api.js";
import { allRight, demoPanel, numberField, passwordField } from "../credentials.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button, buttonLink } from "../parts.js";
import { drawSmsCode } from "../sms_code.js";

export const icon = "phone";

export function draw(around) {
  around.onlyThis(false);
  const problem = el("div");
  const number = numberField();
  const password = passwordField();
  const send = button(t("sign_in_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([number, password])) return undefined;
    return busy(send, problem, async () => {
      const challenge = await call("POST", "/v1/auth/password/login", {
        body: { national_id: number.value(), password: password.value() }, signal: around.signal, quiet: true,
      });
      drawSmsCode(around, challenge, { again: () => draw(around) });
    });
  };
  fill(around.card,
    el("form", { class: "form", novalidate: true, on: { submit } }, number.block, password.block, problem, send),
    buttonLink(t("forgot_link"), "/app/forgot-password", { kind: "quiet wide" }),
    demoPanel({ national_id: number, password }, problem));
}
