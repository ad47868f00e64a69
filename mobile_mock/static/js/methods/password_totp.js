// Signing in with number and password, and the code of an authenticator app.
import { call } from "../api.js";
import { allRight, codeField, demoPanel, numberField, passwordField } from "../credentials.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";

export const icon = "clock";

export function draw(around) {
  const problem = el("div");
  const number = numberField();
  const password = passwordField();
  const code = codeField(t("app_code"), { hint: t("app_code_hint") });
  const send = button(t("sign_in"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([number, password, code])) return undefined;
    return busy(send, problem, async () => {
      const { challenge_id: challengeId } = await call("POST", "/v1/auth/password/login", {
        body: { national_id: number.value(), password: password.value(), second_factor: "totp" }, signal: around.signal, quiet: true,
      });
      const body = { challenge_id: challengeId, code: code.value(), ...around.wants() };
      await around.enter(await call("POST", "/v1/auth/totp/verify", { body, signal: around.signal, quiet: true }));
    });
  };
  fill(around.card,
    el("form", { class: "form", novalidate: true, on: { submit } }, number.block, password.block, code.block, problem, send),
    demoPanel({ national_id: number, password }, problem));
}
