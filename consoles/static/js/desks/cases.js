// Cases of "that was not me": what somebody reported, what is shut, and what the desk finds out.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentText, t } from "../language.js";
import { allFilled, busy, card, cardForm, choice, confirmed, facts, field, filterLinks, growingList, heading, moment, notice } from "../parts.js";
import { redraw } from "../router.js";

const STATUSES = ["open", "resolved", "all"];
const TONES = { open: "warn", resolved: "good" };
const LONGEST_NOTE = 900;

export const desk = {
  path: "/desk/cases",
  name: "reports",
  roles: ["counter", "operator"],
  screens: { "/desk/cases": list, "/desk/cases/:id": one },
};

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "open";
  const load = (cursor) => call("GET", `/v1/cases?status=${status}&limit=30${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("reports"),
    content: [heading(t("reports"), { intro: t("reports_intro") }),
      filterLinks(STATUSES.map((each) => [`/desk/cases?status=${each}`, t(`reports_${each}`), each === status])),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t(status === "open" ? "reports_none_open" : "reports_none"))],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/cases/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, t("pair", { name: t("report_number", { n: item.number }), value: item.title })),
      el("span", { class: "hint" }, t("report_reported", { at: momentText(item.opened_at) }))),
    statusMark(item.status)));
}

function statusMark(status) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`reports_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const item = await call("GET", `/v1/cases/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const title = t("report_number", { n: item.number });
  const content = [
    heading(title, { back: "/desk/cases" }),
    said && notice("good", said),
    card(item.title, facts([
      [t("status"), statusMark(item.status)],
      [t("report_person"), el("span", { class: "mono" }, item.national_id)],
      [t("report_mobile"), item.mobile && el("span", { class: "mono" }, item.mobile)],
      [t("report_noticed_at"), moment(item.noticed_at)],
      [t("report_opened_at"), moment(item.opened_at)],
      [t("report_shut_now"), item.shut.length > 0 && item.shut.map((each) => each.label).join(t("and"))],
      [t("report_resolved_at"), moment(item.resolved_at)],
    ]), el("p", { class: "hint" }, t("report_read_recorded"))),
    card(t("report_history"), el("ol", { class: "list" }, item.events.map(happened))),
  ];
  if (item.status === "open") {
    content.push(noteForm(item, again));
    if (item.may_unlock && item.shut.length > 0) content.push(unlockForm(item, again));
    else if (item.shut.length > 0) content.push(notice("info", t("report_unlock_elsewhere")));
    content.push(resolutionForm(item, again));
  }
  return { title, content };
}

function happened(event) {
  return el("li", { class: "row" }, el("span", { class: "row-words" },
    el("span", { class: "row-title" }, event.words),
    event.note && el("span", {}, event.note),
    el("span", { class: "hint" }, [momentText(event.at), event.officer].filter(Boolean).join(" · "))));
}

function noteForm(item, again) {
  const note = noteField(t("report_note"));
  return cardForm(t("report_note_title"), null, note.block, t("report_note_save"), (pressed, problem) => allFilled(note) && busy(pressed, problem, async () => {
    await call("POST", `/v1/cases/${item.id}/notes`, { body: { note: note.input.value.trim() } });
    await again(t("report_noted"));
  }), { kind: "" });
}

/** Only for somebody who stands at the counter with their papers. */
function unlockForm(item, again) {
  const method = choice(t("report_unlock_method"), item.shut.map((each) => [each.method, each.label]), { value: item.shut[0].method });
  const note = noteField(t("report_unlock_note"), t("report_unlock_note_hint"));
  return cardForm(t("report_unlock_title"), t("report_unlock_hint"), [method.block, note.block], t("report_unlock"), async (pressed, problem) => {
    if (!allFilled(note) || !await confirmed(t("report_unlock_ask"), t("report_unlock_ask_detail"), t("report_unlock"))) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/cases/${item.id}/unlocking`, { body: { method: method.input.value, note: note.input.value.trim() } });
      await again(t("report_unlocked"));
    });
  });
}

function resolutionForm(item, again) {
  const note = noteField(t("report_resolution"), t("report_resolution_hint"));
  return cardForm(t("report_resolve_title"), null, note.block, t("report_resolve"), async (pressed, problem) => {
    if (!allFilled(note) || !await confirmed(t("report_resolve_ask"), t("report_resolve_ask_detail"), t("report_resolve"))) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/cases/${item.id}/resolution`, { body: { note: note.input.value.trim() } });
      await again(t("report_resolved"));
    });
  });
}

function noteField(label, hint) {
  return field(label, { name: "textarea", hint, rows: 3, maxlength: LONGEST_NOTE });
}
