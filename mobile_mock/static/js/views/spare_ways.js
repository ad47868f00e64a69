// The part of the security page about passwords and spare ways in: what is set up, what is shut, a reset under way.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, notice } from "../parts.js";
import { show } from "../router.js";

/** Load what is set up; answers {alerts, part}: what must be seen at once, and the part of the page. */
export async function spareWays(signal) {
  const [totp, codes, locks, resets] = await Promise.all(
    ["totp", "recovery-codes", "method-locks", "resets"].map((name) => call("GET", `/v1/me/${name}`, { signal })));
  return {
    alerts: [resets.items.map(pendingReset),
      locks.items.length > 0 && notice("warn", t("shut_title"), el("p", {}, t("shut_detail")), el("ul", {}, locks.items.map(shutWay)))],
    part: el("section", {}, el("h2", { class: "section-title" }, t("recovery_title")),
      el("ul", { class: "list", role: "list" },
        place("/app/me/password", "key", t("password_title"), t("password_place_hint")),
        place("/app/me/totp", "clock", t("totp_title"), totp.confirmed_at ? t("totp_since", { when: momentText(totp.confirmed_at) }) : t("totp_none")),
        place("/app/me/recovery-codes", "pdf", t("codes_title"), codes.made_at ? t("codes_left", { n: codes.left }) : t("codes_none")))),
  };
}

function place(href, iconName, title, hint) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href }, icon(iconName, "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, title), el("span", { class: "hint" }, hint)), icon("forward")));
}

function pendingReset(item) {
  const problem = el("div");
  const cancel = button(t("reset_cancel"), async () => {
    if (!(await confirmed(t("reset_cancel_ask"), t("reset_cancel_detail"), t("reset_cancel")))) return;
    await busy(cancel, problem, async () => {
      await call("POST", `/v1/me/resets/${encodeURIComponent(item.id)}/cancellation`, { body: {} });
      await show();
      announce(t("reset_cancel_done"));
    });
  }, { kind: "danger" });
  return notice("bad", t("reset_pending"), el("p", {}, t("reset_pending_detail", { when: momentText(item.possible_at) })), problem, cancel);
}

function shutWay({ method, label, locked_at: lockedAt }) {
  const problem = el("div");
  const open = button(t("shut_open"), () => busy(open, problem, async () => {
    await call("POST", `/v1/me/method-locks/${encodeURIComponent(method)}/release`, { body: {} });
    await show();
    announce(t("shut_opened", { label }));
  }), { kind: "small", "aria-label": t("shut_open_of", { label }) });
  return el("li", {}, t("shut_since", { label, when: momentText(lockedAt) }), " ", open, problem);
}
