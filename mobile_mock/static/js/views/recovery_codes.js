// My recovery codes: make ten, print or save them, and say that they are kept.
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, confirmed, fieldError, heading, notice } from "../parts.js";
import { show } from "../router.js";

const FEW = 3;

export async function recoveryCodes({ signal }) {
  const held = await call("GET", "/v1/me/recovery-codes", { signal });
  const title = t("codes_title");
  const card = el("section", { class: "card" });
  const problem = el("div");
  const make = button(t("codes_make"), async () => {
    if (held.left > 0 && !(await confirmed(t("codes_make_ask"), t("codes_make_detail"), t("codes_make")))) return;
    await busy(make, problem, async () => drawMade(card, await call("POST", "/v1/me/recovery-codes", { body: {}, signal }), signal));
  }, { kind: "primary wide" });
  fill(card, held.made_at ? el("p", {}, t("codes_state", { when: momentText(held.made_at), n: held.left })) : el("p", { class: "hint" }, t("codes_none")),
    held.made_at && held.left <= FEW && notice("warn", t("codes_few")), problem, make);
  return {
    title,
    content: [heading(title, { back: "/app/me/security", backText: t("security_title") }), el("p", { class: "not-printed" }, t("codes_what")), card],
  };
}

function drawMade(card, { codes, made_at: madeAt }, signal) {
  const kept = el("input", { type: "checkbox", class: "check" });
  const missing = fieldError();
  kept.setAttribute("aria-describedby", missing.id);
  const finish = button(t("codes_finish"), async () => {
    missing.say(kept.checked ? "" : t("codes_kept_missing"));
    if (!kept.checked) return kept.focus();
    await show();
    return announce(t("codes_finished"));
  }, { kind: "primary wide" });
  const title = el("h2", {}, t("codes_list"));
  const head = t("codes_file_head", { when: momentText(madeAt) });
  fill(card, notice("warn", t("codes_once"), el("p", { class: "not-printed" }, t("codes_once_detail"))),
    title, el("p", { class: "hint" }, head),
    el("ol", { class: "recovery-codes" }, codes.map((code) => el("li", {}, el("code", { "aria-label": [...code].join(" ") }, code)))),
    el("div", { class: "actions" },
      button(t("codes_print"), () => window.print(), { iconName: "pdf" }),
      download([head, "", ...codes, ""].join("\r\n"), signal)),
    el("div", { class: "not-printed" },
      el("label", { class: "remember" }, kept, el("span", { class: "remember-words" }, t("codes_kept_check"))), missing.element, finish));
  focusOn(title);
}

function download(words, signal) {
  const address = URL.createObjectURL(new Blob(["\ufeff", words], { type: "text/plain;charset=utf-8" }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return el("a", { class: "button", href: address, download: t("codes_file") }, el("span", {}, t("codes_download")));
}
