// My authenticator app: set it up with a picture or as text, and remove it.
import { call } from "../api.js";
import { allRight, codeField } from "../credentials.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, heading, mark, notice } from "../parts.js";
import { show } from "../router.js";

const BACK = { back: "/app/me/security", get backText() { return t("security_title"); } };

export async function authenticatorApp({ signal }) {
  const held = await call("GET", "/v1/me/totp", { signal });
  const title = t("totp_title");
  const card = el("section", { class: "card" });
  if (held.confirmed_at) drawHeld(card, held, signal);
  else drawOffer(card, signal);
  return { title, content: [heading(title, BACK), el("p", {}, t("totp_what")), card] };
}

function drawOffer(card, signal) {
  const problem = el("div");
  fill(card, el("p", { class: "hint" }, t("totp_none")), problem, beginner(card, signal, problem, t("totp_begin"), "primary wide"));
}

function drawHeld(card, held, signal) {
  const problem = el("div");
  const remove = button(t("totp_remove"), async () => {
    if (!(await confirmed(t("totp_remove_ask"), t("totp_remove_detail"), t("totp_remove"), { dangerous: true }))) return;
    await busy(remove, problem, async () => {
      await call("DELETE", "/v1/me/totp", { signal });
      await show();
      announce(t("totp_removed"));
    });
  }, { kind: "quiet wide" });
  fill(card, el("p", { class: "marks" }, mark("good", t("totp_in_use"), "check")),
    el("p", { class: "hint" }, t("totp_since", { when: momentText(held.confirmed_at) })),
    held.last_used_at && el("p", { class: "hint" }, t("totp_used", { when: momentText(held.last_used_at) })),
    problem, beginner(card, signal, problem, t("totp_again"), "wide"), remove);
}

function beginner(card, signal, problem, text, kind) {
  const begin = button(text, () => busy(begin, problem, async () => {
    drawSetUp(card, await call("POST", "/v1/me/totp", { body: {}, signal }), signal);
  }), { kind, iconName: "plus" });
  return begin;
}

/** The secret as a picture and as text, and the first code as proof that the app has it. */
function drawSetUp(card, made, signal) {
  const problem = el("div");
  const code = codeField(t("app_code"), { hint: t("app_code_hint") });
  const send = button(t("totp_confirm"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([code])) return undefined;
    return busy(send, problem, async () => {
      await call("POST", `/v1/me/totp/${encodeURIComponent(made.id)}/confirmation`, { body: { code: code.value() }, signal });
      await show();
      announce(t("totp_done"));
    });
  };
  const title = el("h2", {}, t("totp_scan"));
  fill(card, title, el("div", { class: "totp-picture" }, picture(made.qr_svg, signal)),
    el("h2", {}, t("totp_typed")),
    el("p", { class: "mono totp-secret", "aria-label": [...made.secret].join(" ") }, made.secret.match(/.{1,4}/g).join(" ")),
    copier(made.secret),
    buttonLink(t("totp_open"), made.otpauth_uri, { kind: "small quiet" }),
    notice("warn", t("totp_secret_warning")),
    el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, send));
  focusOn(title);
}

/** The drawing as a picture: what came over the network never becomes part of the page. */
function picture(svg, signal) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return el("img", { class: "code-picture", src: address, alt: t("totp_scan_alt") });
}

function copier(secret) {
  const problem = el("div");
  const copy = button(t("totp_copy"), () => busy(copy, problem, async () => {
    await navigator.clipboard.writeText(secret);
    announce(t("totp_copied"));
    fill(copy, el("span", {}, t("totp_copied")));
  }), { kind: "small quiet" });
  return el("div", {}, copy, problem);
}
