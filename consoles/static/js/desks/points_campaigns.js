// Campaigns by which points are earned: written, tried out on a month that really was, approved by two, funded further, ended.
import { call, keyForEach } from "../api.js";
import { columns } from "../charts.js";
import { el } from "../dom.js";
import { dayText, has, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, button, card, cardForm, confirmed, facts, field, growingList, heading, moment, notice } from "../parts.js";
import { campaignForm } from "../points_campaign_form.js";
import { dayBefore, numberText, pointsText } from "../points_words.js";
import { go, redraw } from "../router.js";

const TONES = { draft: "", proposed: "info", approved: "info", running: "good", ended: "" };
const HOME = "/desk/points-campaigns";

export const desk = {
  path: HOME, name: "pts_campaigns", roles: ["points_officer", "auditor"],
  screens: { [HOME]: list, [`${HOME}/new`]: write, [`${HOME}/:id/draft`]: rewrite, [`${HOME}/:id`]: one },
};

function mayWrite() {
  return officer().roles.includes("points_officer");
}

async function list({ signal }) {
  const load = (cursor) => call("GET", `/v1/points-desk/campaigns?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("pts_campaigns"),
    content: [el("div", { class: "with-button" }, heading(t("pts_campaigns"), { intro: t("pts_campaigns_intro") }), mayWrite() && el("a", { class: "button primary", href: `${HOME}/new` }, t("pts_new_campaign"))),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("pts_none"))],
  };
}

function nameOfCampaign({ name }) {
  return document.documentElement.lang === "en" ? name.en : name.zh;
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `${HOME}/${item.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, nameOfCampaign(item)), el("span", { class: "hint" }, item.how[0] || ""),
      el("span", { class: "hint" }, span(item))),
    item.budget_left !== null && el("span", { class: "figure" }, t("pts_left_of", { left: numberText(item.budget_left), all: numberText(item.budget_points) })), mark(item)));
}

function mark({ status }) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`pts_campaign_${status}`));
}

function span({ valid_from: from, valid_until: until }) {
  return t("pts_from_to", { from: dayText(taipeiDay(from)), to: dayText(taipeiDay(Date.parse(until) - 1)) });
}

function taipeiDay(at) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
}

async function one({ path, signal }, { said } = {}) {
  const found = await call("GET", `/v1/points-desk/campaigns/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const waits = found.approval_id && found.status === "proposed" ? found.approval_id : found.increase_approval_id;
  const title = nameOfCampaign(found);
  return {
    title,
    content: [heading(title, { back: HOME, intro: span(found) }), said && notice("good", said),
      waits && notice("info", t("pts_second_waits"), el("p", {}, t("pts_second_waits_detail")), el("a", { class: "button", href: `/desk/approvals/${waits}` }, t("pts_to_approval"))),
      card(t("pts_how_words"), el("ul", { class: "problem-list" }, found.how.map((line) => el("li", {}, line)))),
      card(null, facts([
        [t("status"), mark(found)],
        [t("pts_code"), el("span", { class: "mono" }, found.code)],
        [t("pts_bureau"), has(`pts_bureau_${found.bureau}`) ? t(`pts_bureau_${found.bureau}`) : found.bureau],
        [t("pts_budget"), pointsText(found.budget_points)],
        [t("pts_budget_left"), found.budget_left !== null && pointsText(found.budget_left)],
        [t("pts_runs_from"), moment(found.valid_from)],
        [t("pts_runs_until"), moment(found.valid_until)],
        [t("pts_ended_reason"), found.ended_reason],
      ])),
      dryRun(found, signal), ...(mayWrite() ? actions(found, again) : [])],
  };
}

function dryRun(found, signal) {
  const month = field(t("pts_month"), { type: "month", value: dayBefore(30).slice(0, 7), max: dayBefore().slice(0, 7) });
  const place = el("div", { "aria-live": "polite" });
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(month)) return;
    busy(event.submitter, place, async () => place.replaceChildren(...tried(await call("POST", `/v1/points-desk/campaigns/${found.id}/dry-run`, { body: { month: month.input.value }, signal }))));
  };
  return card(t("pts_dry_run"), el("p", { class: "hint" }, t("pts_dry_run_hint")),
    el("form", { class: "filter-form", on: { submit } }, month.block, el("button", { type: "submit", class: "button primary" }, t("pts_try"))), place);
}

function tried(result) {
  const orFew = (amount) => (amount === null ? t("pts_few") : pointsText(amount));
  const days = result.days.map((each) => ({ name: String(Number(each.day.slice(8))), value: each.points || 0, figure: orFew(each.points) }));
  return [
    el("p", { class: "side-figure" }, t("pts_tried", { people: result.people.text, points: orFew(result.points) })),
    result.points !== null && el("p", {}, t("pts_tried_budget", { share: Math.round((100 * result.points) / result.budget_points), budget: pointsText(result.budget_points) })),
    result.windows.length > 0 && el("h3", {}, t("pts_tried_windows")),
    result.windows.length > 0 && facts(result.windows.map((each) => [each.when, t("pts_tried", { people: each.people.text, points: orFew(each.points) })])),
    facts([[t("pts_cut_by_caps"), orFew(result.cut_by_caps)], [t("pts_cut_by_budget"), result.cut_by_budget > 0 && orFew(result.cut_by_budget)]]),
    days.length > 0 && columns(t("pts_tried_says", { month: result.month, points: orFew(result.points) }), days),
  ].filter(Boolean);
}

function actions(found, again) {
  const address = `/v1/points-desk/campaigns/${found.id}`;
  const key = keyForEach();
  const made = [];
  if (found.status === "draft" || found.status === "proposed") {
    const problem = el("div");
    const words = t(found.status === "draft" ? "pts_propose" : "pts_approve_second");
    made.push(card(t("pts_decide"), el("p", { class: "hint" }, t("pts_campaign_two")), problem, el("div", { class: "actions" },
      button(words, async (event) => {
        if (!await confirmed(words, t("pts_campaign_confirm", { budget: pointsText(found.budget_points) }), words)) return;
        busy(event.target, problem, async () => {
          const after = await call("POST", `${address}/approval`, { version: found.version, key: key(found.version) });
          await again(t(["draft", "proposed"].includes(after.status) ? "pts_now_proposed" : "pts_campaign_open"));
        });
      }, { kind: "primary" }), found.status === "draft" && el("a", { class: "button", href: `${HOME}/${found.id}/draft` }, t("pts_change_draft")))));
    return made;
  }
  if (found.status === "ended") return made;
  const more = field(t("pts_more_points"), { inputmode: "numeric", maxlength: 13 });
  const why = field(t("reason"), { maxlength: 200 });
  made.push(cardForm(t("pts_increase"), t("pts_increase_hint"), [more.block, why.block], t("pts_increase"), (pressed, problem) => {
    if (!allFilled(more, why)) return;
    const asked = Number(more.input.value.replaceAll(",", ""));
    if (!Number.isInteger(asked) || asked < 1) { more.setError(t("pts_whole")); return; }
    busy(pressed, problem, async () => {
      const body = { points: asked, reason: why.input.value.trim() };
      const after = await call("POST", `${address}/budget`, { body, key: key(body) });
      await again(t(after.increase_approval_id ? "pts_now_proposed" : "pts_increased"));
    });
  }, { kind: "" }));
  const reason = field(t("reason"), { maxlength: 200 });
  made.push(cardForm(t("pts_end"), t("pts_end_hint"), reason.block, t("pts_end"), (pressed, problem) => allFilled(reason) && busy(pressed, problem, async () => {
    await call("POST", `${address}/ending`, { body: { reason: reason.input.value.trim() } });
    await again(t("pts_ended"));
  }), { kind: "danger" }));
  return made;
}

async function write() {
  return {
    title: t("pts_new_campaign"),
    content: [heading(t("pts_new_campaign"), { back: HOME }), campaignForm(null, async (body) => {
      const made = await call("POST", "/v1/points-desk/campaigns", { body });
      await go(`${HOME}/${made.id}`);
    })],
  };
}

async function rewrite({ path, signal }) {
  const found = await call("GET", `/v1/points-desk/campaigns/${encodeURIComponent(path.id)}`, { signal });
  return {
    title: t("pts_change_draft"),
    content: [heading(t("pts_change_draft"), { back: `${HOME}/${found.id}`, intro: nameOfCampaign(found) }), campaignForm(found, async ({ code, ...body }) => {
      await call("PUT", `/v1/points-desk/campaigns/${found.id}`, { body, version: found.version });
      await go(`${HOME}/${found.id}`);
    })],
  };
}
