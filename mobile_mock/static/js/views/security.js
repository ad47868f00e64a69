// Sign-in and safety: my passkeys, where I am signed in, and where I have signed in.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, field, heading, mark, notice } from "../parts.js";
import { AlreadyHere, addPasskey, passkeysWork } from "../passkeys.js";
import { go, show } from "../router.js";
import { METHODS, methodList, offered } from "../sign_in_methods.js";
import { keepReturn, state } from "../state.js";
import { certificatesPart } from "./certificates.js";
import { linkedDesks, readDesks } from "./desk_phone.js";
import { sessionsPart, signInsPart } from "./sessions.js";
import { spareWays } from "./spare_ways.js";

const HERE = "/app/me/security";

export async function security({ signal }, { refreshMe }) {
  const [passkeys, certificates, sessions, signIns, desks, ways, spare] = await Promise.all([
    call("GET", "/v1/me/passkeys", { signal }),
    call("GET", "/v1/me/certificates", { signal }),
    call("GET", "/v1/me/sessions", { signal }),
    call("GET", "/v1/me/sign-ins?limit=5", { signal }),
    readDesks(signal),
    offered({ signal }),
    spareWays(signal),
    refreshMe(),
  ]);
  const title = t("security_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), spare.alerts,
      passkeysPart(passkeys, ways, refreshMe), certificatesPart(certificates), spare.part, sessionsPart(sessions), linkedDesks(desks), signInsPart(signIns)],
  };
}

function passkeysPart({ items, can_add_now: canAddNow }, ways, refreshMe) {
  const evidence = ways.filter((item) => item.proves_identity);
  return el("section", {}, el("h2", { class: "section-title" }, t("passkeys_title")),
    items.length === 0 && notice("info", t("no_passkeys_title"), el("p", {}, t("no_passkeys_detail"))),
    el("ul", { class: "list passkeys", role: "list" }, items.map((item) => passkeyRow(item, items.length, refreshMe))),
    items.length > 0 || canAddNow ? adder(refreshMe) : evidenceFirst(evidence));
}

/** A further passkey takes one that is there: the API asks for it, in the dialog that opens by itself. */
function adder(refreshMe) {
  if (!passkeysWork()) return el("p", {}, t("passkeys_unsupported"));
  const problem = el("div");
  const add = button(t("add_passkey"), () => busy(add, problem, async () => {
    try {
      await addPasskey(t("passkey_default_name"));
    } catch (failure) {
      if (!(failure instanceof AlreadyHere)) throw failure;
      return announce(t("passkey_already_here"));
    }
    await refreshMe();
    await show();
    return announce(t("passkey_added"));
  }), { kind: "primary wide", iconName: "finger" });
  return el("div", {}, problem, add);
}

/** Without a passkey, and long after registering: whoever wants the first one shows who they are in a way that was checked in person. */
function evidenceFirst(evidence) {
  const choose = ({ method }) => { keepReturn(HERE); go(`/app/sign-in?method=${encodeURIComponent(method)}`); };
  return notice("warn", t("passkey_evidence"), el("p", {}, t("passkey_evidence_detail")),
    evidence.length > 0 && methodList(evidence.filter((item) => METHODS[item.method]), choose));
}

function passkeyRow(item, count, refreshMe) {
  const row = el("li", { class: "card passkey-row" });
  const problem = el("div");
  const drawRow = (current) => fill(row,
    el("h3", {}, icon("key"), el("span", {}, current.name)),
    el("p", { class: "marks" }, current.is_synced ? mark("info", t("passkey_synced"), "repeat") : mark("good", t("passkey_here_only"), "phone")),
    el("p", { class: "hint" }, t("added_at", { when: momentText(current.created_at) })),
    el("p", { class: "hint" }, usedText(current)),
    problem,
    el("div", { class: "actions" }, remover(current, count, problem, refreshMe)),
    renamer(current, drawRow));
  drawRow(item);
  return row;
}

function usedText({ last_used_at: when, last_used_place: place }) {
  if (!when) return t("never_used");
  return place ? t("used_at_place", { when: momentText(when), place }) : t("used_at", { when: momentText(when) });
}

function remover({ id, name }, count, problem, refreshMe) {
  const remove = button(t("passkey_remove"), async () => {
    const detail = t(count === 1 ? "passkey_remove_last_detail" : "passkey_remove_detail");
    if (!(await confirmed(t("passkey_remove_ask", { name }), detail, t("passkey_remove"), { dangerous: true }))) return;
    await busy(remove, problem, async () => {
      await call("DELETE", `/v1/me/passkeys/${encodeURIComponent(id)}`);
      await refreshMe();
      await show();
      announce(t("passkey_removed"));
    });
  }, { kind: "small quiet", "aria-label": t("passkey_remove_of", { name }) });
  return remove;
}

function renamer(current, drawRow) {
  const problem = el("div");
  const name = field(t("passkey_name"), { hint: t("passkey_name_hint"), maxlength: "60", autocomplete: "off", value: current.name });
  const save = button(t("save"), null, { kind: "small", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const wanted = name.input.value.trim();
    name.setError(wanted ? "" : t("passkey_name_missing"));
    if (!wanted) return name.input.focus();
    return busy(save, problem, async () => {
      const renamed = await call("PATCH", `/v1/me/passkeys/${encodeURIComponent(current.id)}`, { body: { name: wanted } });
      state.me.passkeys = state.me.passkeys.map((each) => (each.id === renamed.id ? renamed : each));
      drawRow(renamed);
      announce(t("passkey_named", { name: wanted }));
    });
  };
  return el("details", { class: "rename" }, el("summary", { "aria-label": t("passkey_rename_of", { name: current.name }) }, t("passkey_rename")),
    el("form", { class: "form", novalidate: true, on: { submit } }, name.block, problem, save));
}
