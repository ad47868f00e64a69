// Sign in or register: number and password, the code from the text message, then a passkey for this phone.
import { call } from "../api.js";
import { isCitizenNumber, isMobileNumber, normalise } from "../citizen_number.js";
import { el, fill, focusOn } from "../dom.js";
import { harbour, icon } from "../icons.js";
import { phrase, t } from "../language.js";
import { busy, button, field, notice, problemPanel } from "../parts.js";
import { AlreadyHere, addPasskey, canOfferQuietly, passkeysWork, signInWithPasskey } from "../passkeys.js";
import { go } from "../router.js";
import { change, state, takeReturn } from "../state.js";

const SHORTEST_PASSWORD = 12;

export function signIn({ query, signal }, { refreshMe }) {
  const card = el("section", { class: "card sign-in-card" });
  const around = { card, signal, enter: async () => { await refreshMe(); go(takeReturn() || "/app", { replace: true }); } };
  drawCredentials(around, { isNew: query.get("new") === "1" });
  return {
    title: t("sign_in"),
    content: [el("div", { class: "welcome" },
      el("div", { class: "welcome-hero" }, harbour(), el("h1", {}, t("welcome")), el("p", {}, t("welcome_detail"))),
      card)],
  };
}

function drawCredentials(around, { isNew }) {
  const { card, signal } = around;
  const problem = el("div");
  const id = field(t("national_id"), { hint: t("national_id_hint"), name: "username", autocomplete: "username webauthn",
    autocapitalize: "characters", spellcheck: "false", maxlength: "14", required: true });
  const mobile = field(t("mobile"), { hint: t("mobile_hint"), name: "tel", type: "tel", autocomplete: "tel-national", inputmode: "tel", maxlength: "14", required: true });
  const password = field(t("password"), { hint: isNew ? t("password_hint", { n: SHORTEST_PASSWORD }) : undefined, type: "password", name: "password",
    autocomplete: isNew ? "new-password" : "current-password", required: true });
  const send = button(t(isNew ? "register_send" : "sign_in_send"), null, { kind: "primary wide", type: "submit" });
  id.input.addEventListener("blur", () => id.input.value && checkNumber(id));

  const submit = (event) => {
    event.preventDefault();
    const wrong = [checkNumber(id), isNew && checkMobile(mobile), checkPassword(password, isNew)].find(Boolean);
    if (wrong) return wrong.input.focus();
    return busy(send, problem, async () => {
      const body = { national_id: normalise(id.input.value), password: password.input.value };
      if (isNew) body.mobile = normalise(mobile.input.value);
      const challenge = await call("POST", `/v1/auth/password/${isNew ? "register" : "login"}`, { body, quiet: true });
      drawCode(around, challenge, { isNew });
    });
  };

  fill(card,
    el("div", { class: "tabs", role: "group", "aria-label": t("sign_in_or_register") },
      tab(t("sign_in"), !isNew, () => drawCredentials(around, { isNew: false })),
      tab(t("register"), isNew, () => drawCredentials(around, { isNew: true }))),
    !isNew && passkeyEntry(around),
    el("form", { class: "form", novalidate: true, on: { submit } }, id.block, isNew && mobile.block, password.block, problem, send),
    state.config.demo && demoPanel({ id, mobile, password, problem }));
  if (!isNew) offerQuietly(around, signal);
}

function tab(text, isCurrent, onClick) {
  return el("button", { type: "button", class: "tab", "aria-pressed": String(isCurrent), on: { click: onClick } }, text);
}

function checkNumber(entry) {
  const isRight = isCitizenNumber(normalise(entry.input.value));
  entry.setError(isRight ? "" : t("national_id_wrong"));
  return isRight ? null : entry;
}

function checkMobile(entry) {
  const isRight = isMobileNumber(normalise(entry.input.value));
  entry.setError(isRight ? "" : t("mobile_wrong"));
  return isRight ? null : entry;
}

function checkPassword(entry, isNew) {
  const isRight = entry.input.value.length >= (isNew ? SHORTEST_PASSWORD : 1);
  entry.setError(isRight ? "" : t(isNew ? "password_short" : "password_missing", { n: SHORTEST_PASSWORD }));
  return isRight ? null : entry;
}

function passkeyEntry(around) {
  if (!passkeysWork()) return null;
  const problem = el("div");
  const press = button(t("sign_in_passkey"), () => busy(press, problem, async () => {
    around.quiet?.abort();
    await signInWithPasskey();
    await around.enter();
  }), { kind: "strong wide", iconName: "finger" });
  return el("div", { class: "passkey-entry" }, press, el("p", { class: "hint" }, t("sign_in_passkey_hint")), problem,
    el("p", { class: "or" }, el("span", {}, t("or_password"))));
}

/** The browser lists passkeys inside the number field, where it can. */
async function offerQuietly(around, signal) {
  if (around.quiet || !(await canOfferQuietly()) || signal.aborted) return;
  around.quiet = new AbortController();
  signal.addEventListener("abort", () => around.quiet.abort());
  try {
    await signInWithPasskey({ signal: around.quiet.signal, mediation: "conditional" });
    await around.enter();
  } catch {
    // Nobody asked for this offer, so nobody is told that it came to nothing.
  }
}

function demoPanel({ id, mobile, password, problem }) {
  const { people, sandbox_url: sandbox } = state.config;
  const choose = (person) => {
    id.input.value = person.national_id;
    mobile.input.value = person.mobile;
    password.input.value = person.password;
    for (const entry of [id, mobile, password]) entry.setError("");
    fill(problem, notice("info", t("demo_filled", { name: phrase(person.name) }), el("p", {}, t("demo_filled_detail"))));
  };
  return el("details", { class: "demo" }, el("summary", {}, icon("info"), t("demo_title")),
    el("p", {}, t("demo_detail")),
    el("ul", { class: "demo-people", role: "list" }, people.map((person) => el("li", {},
      el("button", { type: "button", class: "demo-person", on: { click: () => choose(person) } },
        el("span", { class: "demo-name" }, phrase(person.name)),
        el("span", { class: "demo-story" }, phrase(person.story)),
        el("code", {}, person.national_id))))),
    sandbox && el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox"))));
}

function drawCode(around, challenge, { isNew }) {
  const problem = el("div");
  const code = field(t("code"), { hint: t("code_hint", { number: challenge.sent_to || "" }), name: "code", autocomplete: "one-time-code",
    inputmode: "numeric", pattern: "[0-9]*", maxlength: "6", class: "input code", required: true });
  const send = button(t("code_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const typed = normalise(code.input.value);
    code.setError(/^[0-9]{6}$/.test(typed) ? "" : t("code_wrong"));
    if (!/^[0-9]{6}$/.test(typed)) return code.input.focus();
    return busy(send, problem, async () => {
      const session = await call("POST", "/v1/auth/otp/verify", {
        body: { challenge_id: challenge.challenge_id, code: typed, transport: "cookie" }, quiet: true,
      });
      around.quiet?.abort();
      if (session.has_passkey || !passkeysWork()) await around.enter();
      else drawPasskeyOffer(around);
    });
  };
  code.input.addEventListener("input", () => { if (/^[0-9]{6}$/.test(normalise(code.input.value))) code.setError(""); });
  const sandbox = state.config.demo && state.config.sandbox_url;
  fill(around.card,
    el("h2", {}, t("code_title")),
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block,
      sandbox && notice("info", t("demo_code"), el("p", {}, el("a", { href: sandbox, target: "_blank", rel: "noopener" }, t("demo_sandbox")))),
      problem, send),
    button(t("code_again"), () => drawCredentials(around, { isNew }), { kind: "quiet wide" }));
  focusOn(code.input);
}

function drawPasskeyOffer(around) {
  const problem = el("div");
  const later = button(t("later"), () => busy(later, problem, around.enter), { kind: "quiet wide" });
  const add = button(t("add_passkey"), async () => {
    if (add.classList.contains("busy")) return;
    add.classList.add("busy");
    fill(problem);
    try {
      await addPasskey(t("passkey_default_name"));
      await around.enter();
    } catch (failure) {
      if (failure instanceof AlreadyHere) await around.enter();
      else fill(problem, problemPanel(failure));
    } finally {
      add.classList.remove("busy");
    }
  }, { kind: "primary wide", iconName: "finger" });
  const title = el("h2", {}, t("passkey_offer"));
  fill(around.card, el("div", { class: "dialog-icon" }, icon("finger")), title, el("p", {}, t("passkey_offer_detail")),
    el("ul", { class: "ticks" }, ["passkey_good_1", "passkey_good_2", "passkey_good_3"].map((key) => el("li", {}, icon("check"), t(key)))),
    problem, add, later);
  focusOn(title);
  change({});
}
