// Where I am signed in, and with which passkeys.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, heading, mark, notice } from "../parts.js";
import { AlreadyHere, addPasskey, passkeysWork } from "../passkeys.js";
import { show } from "../router.js";
import { state } from "../state.js";

export async function security({ signal }, { refreshMe }) {
  const [{ items }] = await Promise.all([call("GET", "/v1/me/sessions", { signal }), refreshMe()]);
  const title = t("security_title");
  const problem = el("div");
  const add = button(t("add_passkey"), () => busy(add, problem, async () => {
    try {
      await addPasskey(t("passkey_default_name"));
    } catch (failure) {
      if (!(failure instanceof AlreadyHere)) throw failure;
      return announce(t("passkey_already_here"));
    }
    await refreshMe();
    announce(t("passkey_added"));
    return show();
  }), { kind: "primary wide", iconName: "finger" });
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }),
      el("h2", { class: "section-title" }, t("passkeys_title")),
      state.me.passkeys.length === 0 && notice("info", t("no_passkeys_title"), el("p", {}, t("no_passkeys_detail"))),
      el("ul", { class: "list", role: "list" }, state.me.passkeys.map((item) => passkeyRow(item, refreshMe))), problem, passkeysWork() && add,
      el("h2", { class: "section-title" }, t("sessions_title")),
      el("ul", { class: "list", role: "list" }, items.map(sessionRow))],
  };
}

function passkeyRow(item, refreshMe) {
  const problem = el("div");
  const name = item.name || t("passkey");
  const remove = button(t("passkey_remove"), async () => {
    const detail = t(state.me.passkeys.length === 1 ? "passkey_remove_last_detail" : "passkey_remove_detail");
    if (!(await confirmed(t("passkey_remove_ask", { name }), detail, t("passkey_remove"), { dangerous: true }))) return;
    await busy(remove, problem, async () => {
      await call("DELETE", `/v1/me/passkeys/${encodeURIComponent(item.id)}`);
      await refreshMe();
      announce(t("passkey_removed"));
      await show();
    });
  }, { kind: "small quiet", "aria-label": t("passkey_remove_of", { name }) });
  return el("li", { class: "row plain" }, icon("key", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, name),
    el("span", { class: "hint" }, t("added_at", { when: momentText(item.created_at) })),
    item.last_used_at && el("span", { class: "hint" }, t("used_at", { when: momentText(item.last_used_at) })),
    el("span", { class: "hint" }, t(item.is_synced ? "passkey_synced" : "passkey_here_only")), problem), remove);
}

/** "Chrome · Android" from what a browser calls itself; good enough to tell one's own devices apart. */
function deviceName(userAgent) {
  const browser = [["Edg", "Edge"], ["SamsungBrowser", "Samsung Internet"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]]
    .find(([sign]) => userAgent.includes(sign))?.[1];
  const system = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Mac OS", "Mac"], ["Windows", "Windows"], ["Linux", "Linux"]]
    .find(([sign]) => userAgent.includes(sign))?.[1];
  return [browser, system].filter(Boolean).join(" · ") || userAgent || t("session");
}

function sessionRow(item) {
  const problem = el("div");
  const level = item.acr.split(":").pop();
  const row = el("li", { class: "row plain" }, icon("phone", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, deviceName(item.user_agent)),
    el("span", { class: "hint" }, t("signed_in_at", { when: momentText(item.created_at) })),
    el("span", { class: "hint" }, t(`loa_${level}`)),
    item.is_current && mark("good", t("session_current"), "check"), problem));
  if (!item.is_current) {
    const end = button(t("session_end"), () => busy(end, problem, async () => {
      await call("DELETE", `/v1/me/sessions/${encodeURIComponent(item.id)}`);
      announce(t("session_ended"));
      row.remove();
    }), { kind: "small quiet" });
    row.append(end);
  }
  return row;
}
