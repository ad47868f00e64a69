// A forgotten password: show that it is me, wait a day, set a new one. This phone keeps how far it is.
import { call } from "../api.js";
import { allRight, codeField, demoPanel, numberField, passwordField } from "../credentials.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, heading, notice, problemPanel } from "../parts.js";
import { recoveryCodeField } from "../recovery_code_field.js";
import { state } from "../state.js";

const KEPT = "phone.reset";
const HOUR_MS = 3600 * 1000;

export async function forgotPassword({ signal }) {
  const title = t("forgot_title");
  const card = el("section", { class: "card" });
  const page = { card, signal };
  const kept = keptReset();
  if (kept) await drawProgress(page, kept);
  else drawBeginning(page);
  return { title, content: [heading(title, { back: "/app/sign-in", backText: t("sign_in") }), card] };
}

function drawBeginning(page) {
  const problem = el("div");
  const number = numberField();
  const ways = ["sms", "recovery_code"].map((evidence, place) => el("label", { class: "choice" },
    el("input", { type: "radio", class: "radio", name: "evidence", value: evidence, checked: place === 0 }),
    el("span", {}, t(evidence === "sms" ? "forgot_by_sms" : "forgot_by_code"))));
  const send = button(t("forgot_next"), null, { kind: "primary wide", type: "submit" });
  const form = el("form", { class: "form", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    if (!allRight([number])) return undefined;
    return busy(send, problem, async () => {
      const body = { national_id: number.value(), evidence: form.elements.evidence.value };
      drawEvidence(page, await call("POST", "/v1/auth/resets", { body, signal: page.signal, quiet: true }));
    });
  } } }, number.block, el("fieldset", { class: "choices" }, el("legend", {}, t("forgot_by")), ways), problem, send);
  fill(page.card, el("h2", {}, t("forgot_steps")),
    el("ol", { class: "how-to" }, ["forgot_step_1", "forgot_step_2", "forgot_step_3"].map((key) => el("li", {}, t(key)))),
    el("p", { class: "hint" }, t("forgot_why")), notice("info", "", el("p", {}, t("forgot_faster"))),
    form, demoPanel({ national_id: number }, problem));
}

function drawEvidence(page, asked) {
  const problem = el("div");
  const isSms = asked.evidence === "sms";
  const code = isSms ? codeField(t("code"), { hint: t("forgot_sms_hint") }) : recoveryCodeField();
  const send = button(t("code_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([code])) return undefined;
    return busy(send, problem, async () => {
      const address = `/v1/auth/resets/${encodeURIComponent(asked.id)}/evidence`;
      const proved = await call("POST", address, { body: { code: code.value() }, signal: page.signal, quiet: true });
      keepReset({ id: proved.id, token: proved.token });
      drawWaiting(page, proved);
    });
  };
  const sandbox = isSms && state.config.demo && state.config.sandbox_url;
  fill(page.card, el("h2", {}, t(isSms ? "forgot_sms_title" : "forgot_code_title")),
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block,
      sandbox && notice("info", t("demo_code"), el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox")))),
      problem, send),
    button(t("forgot_restart"), () => drawBeginning(page), { kind: "quiet wide" }));
  focusOn(code.input);
}

async function drawProgress(page, kept) {
  const address = `/v1/auth/resets/${encodeURIComponent(kept.id)}/progress`;
  try {
    const found = await call("POST", address, { body: { token: kept.token }, signal: page.signal, quiet: true });
    if (found.status === "waiting") return drawWaiting(page, found);
    if (found.status === "possible") return drawNewPassword(page, found, kept);
    return drawClosed(page, found);
  } catch (failure) {
    if (failure.status === 404) { forgetReset(); return drawBeginning(page); }
    if (failure.name === "AbortError") throw failure;
    return fill(page.card, problemPanel(failure, { retry: () => drawProgress(page, kept) }));
  }
}

function drawWaiting(page, found) {
  const hours = Math.max(1, Math.ceil((Date.parse(found.possible_at) - Date.now()) / HOUR_MS));
  const title = el("h2", {}, t("forgot_wait_title"));
  fill(page.card, title,
    notice("warn", t("forgot_wait", { when: momentText(found.possible_at) }), el("p", {}, t("forgot_wait_left", { n: hours }))),
    el("p", {}, t("forgot_wait_detail")),
    el("progress", { class: "reset-progress", max: "24", value: String(24 - Math.min(hours, 24)), "aria-label": t("forgot_wait_title") }),
    el("div", { class: "actions column" }, buttonLink(t("sign_in"), "/app/sign-in", { kind: "wide" }), restarter(page)));
  focusOn(title);
}

function drawNewPassword(page, found, kept) {
  const problem = el("div");
  const wanted = passwordField({ isNew: true, label: t("password_new"), name: "new-password" });
  const save = button(t("forgot_save"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([wanted])) return undefined;
    return busy(save, problem, async () => {
      const body = { token: kept.token, new_password: wanted.value() };
      await call("POST", `/v1/auth/resets/${encodeURIComponent(kept.id)}/completion`, { body, signal: page.signal, quiet: true });
      forgetReset();
      const title = el("h2", {}, t("forgot_done"));
      fill(page.card, title, el("p", {}, t("forgot_done_detail")), buttonLink(t("sign_in"), "/app/sign-in", { kind: "primary wide" }));
      focusOn(title);
      announce(t("forgot_done"));
    });
  };
  fill(page.card, el("h2", {}, t("forgot_ready_title")), el("p", { class: "hint" }, t("forgot_ready_until", { when: momentText(found.lapses_at) })),
    el("form", { class: "form", novalidate: true, on: { submit } }, wanted.block, problem, save));
}

function drawClosed(page, found) {
  forgetReset();
  fill(page.card, notice("info", t(`forgot_closed_${found.status}`), el("p", {}, t("forgot_closed_detail"))),
    el("div", { class: "actions column" }, buttonLink(t("sign_in"), "/app/sign-in", { kind: "wide" }), restarter(page)));
}

function restarter(page) {
  return button(t("forgot_restart"), () => { forgetReset(); drawBeginning(page); }, { kind: "quiet wide" });
}

/** {id, token} of the reset that was begun on this phone, or null. */
function keptReset() {
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEPT));
    return typeof kept?.id === "string" && typeof kept.token === "string" ? kept : null;
  } catch {
    return null;
  }
}

function keepReset(kept) {
  window.localStorage.setItem(KEPT, JSON.stringify(kept));
}

function forgetReset() {
  window.localStorage.removeItem(KEPT);
}
