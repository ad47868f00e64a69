// Alerts to everybody in an area: what came in and waits for two persons, what went out, and how a false one is corrected by one.
import { call } from "../api.js";
import { allClear, confirmation, correction, progressCard, recordedNotice } from "../alert_controls.js";
import { areaCard, factsCard, wordsCard } from "../alert_shown.js";
import { announce, el, fill } from "../dom.js";
import { momentText, t } from "../language.js";
import { watched } from "../live.js";
import { growingList, heading, notice } from "../parts.js";
import { redraw } from "../router.js";
import { issue } from "./duty_issue.js";

const TONES = { awaiting_approval: "bad", sending: "info", sent: "good", refused: "", cancelled: "", recorded: "" };
const SEVERE = ["Extreme", "Severe"];
const LIVE = ["awaiting_approval", "sending", "sent"];
const REFRESH_MS = 5000;

export const desk = {
  path: "/desk/duty", name: "duty", roles: ["duty_officer"], screens: { "/desk/duty": list, "/desk/duty/new": issue, "/desk/duty/:id": one },
};

/** The list keeps itself up to date: an alert that waits is seconds old when somebody sees it. */
async function list({ signal }) {
  const address = "/v1/duty/alerts?limit=30";
  const load = (cursor) => call("GET", `${address}&cursor=${cursor}`, { signal });
  const place = el("div");
  const note = el("p", { class: "hint below" }, t("duty_refreshes"));
  let known = "";
  let waiting = 0;
  const draw = (page) => {
    const written = JSON.stringify(page);
    if (written === known || place.contains(document.activeElement)) return;
    known = written;
    const wait = page.items.filter(({ status }) => status === "awaiting_approval").length;
    if (wait > waiting) announce(t("duty_arrived"), { urgent: true });
    waiting = wait;
    fill(note, t("duty_refreshes"));
    fill(place, page.items.length ? growingList(page, load, row) : el("div", { class: "empty" }, el("p", {}, t("duty_none")), el("p", {}, t("duty_none_detail"))));
  };
  draw(await call("GET", address, { signal }));
  watched(address, { signal, draw, onLost: () => fill(note, t("live_lost")), everyMs: REFRESH_MS });
  return {
    title: t("duty_title"),
    content: [
      el("div", { class: "with-button" }, heading(t("duty_title"), { intro: t("duty_intro") }), el("a", { class: "button danger", href: "/desk/duty/new" }, t("duty_new"))),
      note, place,
    ],
  };
}

function row(alert) {
  return el("li", { class: alert.status === "awaiting_approval" ? "row alarm" : "row" }, el("a", { class: "row-link", href: `/desk/duty/${alert.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, alert.title || alert.event || alert.identifier),
      el("span", {}, alert.areas.slice(0, 3).join(t("and"))),
      el("span", { class: "hint" }, `${alert.sender_name || alert.sender} · ${momentText(alert.received_at)}`)),
    alert.is_drill && el("span", { class: "mark info" }, t("drill_mark")),
    el("span", { class: SEVERE.includes(alert.severity) ? "mark bad" : "mark" }, t(`severity_${alert.severity}`)),
    statusMark(alert)));
}

function statusMark({ status, approvals_needed: needed }) {
  return el("span", { class: `mark ${TONES[status]}` }, needed ? t("needs_n", { n: needed }) : t(`alert_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const address = `/v1/duty/alerts/${encodeURIComponent(path.id)}`;
  const [alert, zh, en] = await Promise.all([
    call("GET", address, { signal }), call("GET", address, { signal, inLanguage: "zh-TW" }), call("GET", address, { signal, inLanguage: "en" }),
  ]);
  const again = (words) => redraw(one, { path, signal }, words);
  const isOut = ["sending", "sent"].includes(alert.status) && alert.audience === "area";
  const title = alert.title || alert.event || alert.identifier;
  return {
    title,
    content: [
      heading(title, { back: "/desk/duty" }),
      said && notice("good", said),
      (alert.is_drill || LIVE.includes(alert.status)) && el("p", { class: alert.is_drill ? "band drill" : "band real" }, t(alert.is_drill ? "drill_band" : "real_band")),
      recordedNotice(alert),
      correction(alert, again),
      progressCard(alert, { signal, again }),
      wordsCard({ zh, en }),
      el("div", { class: "columns" }, areaCard(alert), el("div", {}, confirmation(alert, again), factsCard(alert, statusMark(alert)))),
      isOut && el("p", { class: "below" }, el("a", { class: "button", href: `/desk/duty/new?updates=${alert.id}` }, t("issue_update"))),
      allClear(alert, again),
    ],
  };
}
