// A first mobile number, for people who registered without one: the number, then the code that was sent there.
import { call } from "../api.js";
import { allRight, codeField, mobileField } from "../credentials.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { t } from "../language.js";
import { busy, button, heading, notice } from "../parts.js";
import { go } from "../router.js";
import { state } from "../state.js";

export function firstMobile({ signal }, { refreshMe }) {
  const card = el("section", { class: "card" });
  drawNumber({ card, signal, refreshMe });
  const title = t("first_mobile_title");
  return { title, content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("first_mobile_intro")), card] };
}

function drawNumber(page) {
  const problem = el("div");
  const mobile = mobileField();
  const send = button(t("first_mobile_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([mobile])) return undefined;
    return busy(send, problem, async () => {
      drawCode(page, await call("POST", "/v1/me/mobile", { body: { mobile: mobile.value() }, signal: page.signal }));
    });
  };
  fill(page.card, el("form", { class: "form", novalidate: true, on: { submit } }, mobile.block, problem, send));
}

function drawCode(page, challenge) {
  const problem = el("div");
  const code = codeField(t("code"), { hint: t("code_hint", { number: challenge.sent_to }) });
  const send = button(t("code_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([code])) return undefined;
    return busy(send, problem, async () => {
      await call("POST", "/v1/me/mobile/verification", { body: { challenge_id: challenge.challenge_id, code: code.value() }, signal: page.signal });
      await page.refreshMe();
      await go("/app/me", { replace: true });
      announce(t("first_mobile_done"));
    });
  };
  const sandbox = state.config.demo && state.config.sandbox_url;
  fill(page.card,
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block,
      sandbox && notice("info", t("demo_code"), el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox")))),
      problem, send),
    button(t("first_mobile_again"), () => drawNumber(page), { kind: "quiet wide" }));
  focusOn(code.input);
}
