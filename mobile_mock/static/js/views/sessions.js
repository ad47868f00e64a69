// Where I am signed in, with ways to end it, and where I have signed in lately.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { hasText, t } from "../language.js";
import { busy, button, buttonLink, confirmed, growingList, mark } from "../parts.js";
import { show } from "../router.js";

// How somebody signed in, by the words of `amr` that only that way has.
const WAYS = [["user", "passkey"], ["sc", "certificate"], ["mob", "mobile_id"], ["otp", "totp"], ["rc", "recovery_code"], ["sms", "password_sms"],
  ["card", "card"], ["counter", "counter"], ["fed", "social"]];

/** The sessions that are running; `first` is the first page of GET /v1/me/sessions. */
export function sessionsPart(first) {
  const load = (cursor) => call("GET", `/v1/me/sessions?cursor=${encodeURIComponent(cursor)}`);
  const hasOthers = first.next_cursor || first.items.some((item) => !item.is_current);
  return el("section", {}, el("h2", { class: "section-title" }, t("sessions_title")),
    growingList(first, load, sessionRow), hasOthers && endOthers());
}

/** The newest sign-ins, those that have ended too; `first` is the first page of GET /v1/me/sign-ins. */
export function signInsPart(first) {
  const load = (cursor) => call("GET", `/v1/me/sign-ins?limit=20&cursor=${encodeURIComponent(cursor)}`);
  return el("section", {}, el("h2", { class: "section-title" }, t("sign_ins_title")), el("p", {}, t("sign_ins_detail")),
    growingList(first, load, signInRow));
}

/** "Passkey" from ["hwk", "user"]; a way that came after this phone is shown by its words. */
export function wayOf(amr) {
  const found = WAYS.filter(([word]) => amr.includes(word))[0];
  const key = found && `way_${found[1]}`;
  return key && hasText(key) ? t(key) : amr.join(" + ");
}

function sessionRow(item) {
  const problem = el("div");
  const row = el("li", { class: "row plain session" });
  const end = button(t("session_end"), () => busy(end, problem, async () => {
    await call("DELETE", `/v1/me/sessions/${encodeURIComponent(item.id)}`);
    const place = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    place?.querySelector("button")?.focus();
    announce(t("session_ended"));
  }), { kind: "small quiet", "aria-label": t("session_end_of", { device: item.device, when: momentText(item.created_at) }) });
  return fill(row, icon("phone", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, item.device),
    el("span", { class: "hint" }, item.place),
    el("span", { class: "hint" }, t("signed_in_by", { when: momentText(item.created_at), way: wayOf(item.amr) })),
    el("span", { class: "hint" }, t("used_at", { when: momentText(item.last_used_at) })),
    el("span", { class: "marks" }, item.is_current && mark("good", t("session_current"), "check"),
      mark("calm", t(`loa_${item.acr.split(":").pop()}`)), item.is_remembered && mark("info", t("session_remembered"), "clock")),
    problem), !item.is_current && end);
}

function endOthers() {
  const problem = el("div");
  const end = button(t("sessions_end_others"), async () => {
    if (!(await confirmed(t("sessions_end_others_ask"), t("sessions_end_others_detail"), t("sessions_end_others"), { dangerous: true }))) return;
    await busy(end, problem, async () => {
      await call("DELETE", "/v1/me/sessions");
      await show();
      announce(t("sessions_others_ended"));
    });
  }, { kind: "quiet wide", iconName: "leave" });
  return el("div", {}, problem, end);
}

function signInRow(item) {
  return el("li", { class: "row plain" }, icon("history", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, momentText(item.at)),
    el("span", { class: "hint" }, `${item.device} · ${item.place}`),
    el("span", { class: "hint" }, wayOf(item.amr)),
    (item.is_current || item.is_running) && mark("good", t(item.is_current ? "session_current" : "session_running"), "check"),
    item.notice_id && buttonLink(t("sign_in_not_me"), `/app/not-me?notice=${encodeURIComponent(item.notice_id)}`, { kind: "small quiet",
      "aria-label": t("sign_in_not_me_of", { when: momentText(item.at), device: item.device }) })));
}
