// A new password for somebody who is signed in.
import { call } from "../api.js";
import { allRight, passwordField } from "../credentials.js";
import { announce, el } from "../dom.js";
import { t } from "../language.js";
import { busy, button, field, heading } from "../parts.js";
import { go } from "../router.js";

export function changePassword({ signal }) {
  const title = t("password_title");
  const problem = el("div");
  const current = field(t("password_now"), { hint: t("password_now_hint"), type: "password", name: "password", autocomplete: "current-password" });
  const wanted = passwordField({ isNew: true, label: t("password_new"), name: "new-password" });
  const save = button(t("password_save"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!allRight([wanted])) return undefined;
    return busy(save, problem, async () => {
      const body = { new_password: wanted.value(), current_password: current.input.value || null };
      await call("POST", "/v1/me/password", { body, signal });
      announce(t("password_saved"));
      go("/app/me/security", { replace: true });
    });
  };
  return {
    title,
    content: [heading(title, { back: "/app/me/security", backText: t("security_title") }),
      el("section", { class: "card" }, el("form", { class: "form", novalidate: true, on: { submit } },
        current.block, wanted.block, el("p", { class: "hint" }, t("password_ends")), problem, save))],
  };
}
