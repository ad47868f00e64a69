// The code from a text message, which ends signing in by password and registering.
import { call } from "./api.js";
import { allRight, codeField } from "./credentials.js";
import { el, fill, focusOn } from "./dom.js";
import { t } from "./language.js";
import { busy, button, notice } from "./parts.js";
import { state } from "./state.js";

/** Ask for the code of `challenge` in `around.card`, and enter with it; `again()` goes back to where it was asked for. */
export function drawSmsCode(around, challenge, { again }) {
  around.onlyThis(true);
  const problem = el("div");
  const code = codeField(t("code"), { hint: t("code_hint", { number: challenge.sent_to || "" }) });
  const send = button(t("code_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([code])) return undefined;
    return busy(send, problem, async () => {
      const body = { challenge_id: challenge.challenge_id, code: code.value(), ...around.wants() };
      await around.enter(await call("POST", "/v1/auth/otp/verify", { body, signal: around.signal, quiet: true }));
    });
  };
  const sandbox = state.config.demo && state.config.sandbox_url;
  fill(around.card,
    el("h2", {}, t("code_title")),
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block,
      sandbox && notice("info", t("demo_code"), el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox")))),
      problem, send),
    button(t("code_again"), again, { kind: "quiet wide" }));
  focusOn(code.input);
}
