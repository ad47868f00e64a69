// Signing in with number and password, and one of the codes that were printed for the day when the telephone is gone.
import { call } from "../api.js";
import { allRight, demoPanel, numberField, passwordField } from "../credentials.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";
import { recoveryCodeField } from "../recovery_code_field.js";

export const icon = "pdf";

export function draw(around) {
  const problem = el("div");
  const number = numberField();
  const password = passwordField();
  const code = recoveryCodeField();
  const send = button(t("sign_in"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([number, password, code])) return undefined;
    return busy(send, problem, async () => {
      const { challenge_id: challengeId } = await call("POST", "/v1/auth/password/login", {
        body: { national_id: number.value(), password: password.value(), second_factor: "recovery_code" }, signal: around.signal, quiet: true,
      });
      const body = { challenge_id: challengeId, code: code.value(), ...around.wants() };
      await around.enter(await call("POST", "/v1/auth/recovery-codes/verify", { body, signal: around.signal, quiet: true }));
    });
  };
  fill(around.card,
    el("form", { class: "form", novalidate: true, on: { submit } }, number.block, password.block, code.block, problem, send),
    demoPanel({ national_id: number, password }, problem));
}
