// One message: exactly what goes out and to whom, the decision of the second person, how it goes out, and what came of it.
import { call } from "../api.js";
import { audienceMap, audienceWords } from "../audience_words.js";
import { stateMark } from "../campaign_state.js";
import { el } from "../dom.js";
import { momentText, t } from "../language.js";
import { liveCard } from "../live.js";
import { lockScreens } from "../lock_screen.js";
import { officer } from "../officer.js";
import { busy, button, card, cardForm, confirmed, facts, field, heading, moment, notice, table } from "../parts.js";
import { redraw } from "../router.js";
import { resultCards } from "../results.js";
import { scheduleWords } from "../schedule_form.js";
import { testedOn } from "../tested.js";
import { filledIn } from "../wording_form.js";

const GOING = ["scheduled", "sending", "paused"];
const ENDED = ["done", "recalled", "cancelled"];

export async function one({ path, signal }, { said } = {}) {
  const address = `/v1/bureau/campaigns/${encodeURIComponent(path.id)}`;
  const campaign = await call("GET", address, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const isGoing = GOING.includes(campaign.state);
  const report = ENDED.includes(campaign.state) ? await call("GET", `${address}/report`, { signal }) : null;
  const waits = campaign.state === "submitted";
  return {
    title: campaign.name,
    content: [
      heading(campaign.name, { back: "/desk/campaigns" }),
      said && notice("good", said),
      campaign.state === "draft" && draftNotice(campaign),
      waits && !isOwn(campaign) && officer().roles.includes("publisher") && notice("warn", t("my_turn"), el("p", {}, t("read_then_decide"))),
      // The word about what one has just done oneself stays: the state may change a moment later.
      isGoing && liveCard(campaign, { signal, onState: () => again(said || t("state_changed")) }),
      isGoing && controls(campaign, again),
      report && resultCards(campaign, report),
      exactCard(campaign),
      el("div", { class: "columns" },
        card(t("audience_of"), el("p", { class: "said below" }, audienceWords(campaign.audience, campaign.topic_name)), audienceMap(campaign.audience)),
        factsCard(campaign)),
      waits && decision(campaign, again),
      campaign.state === "done" && recallForm(campaign, again),
      historyCard(campaign.history),
    ],
  };
}

function draftNotice(campaign) {
  const returned = [...campaign.history].reverse().find(({ what }) => what === "returned");
  return notice(returned ? "warn" : "info", returned ? t("returned_by", { name: returned.by || "" }) : t("still_a_draft"), returned && el("p", {}, returned.note),
    el("p", {}, el("a", { class: "button", href: `/desk/campaigns/${campaign.id}/edit` }, t("go_on_writing"))));
}

/** Word for word, as it stands on phones, in both languages. */
function exactCard(campaign) {
  const { content } = campaign;
  const words = filledIn(content, content.fields || {});
  const screens = lockScreens();
  screens.show(words);
  const side = (name, lang) => el("div", { class: "exact-words", lang }, el("p", { class: "exact-language" }, t(`words_in_${name}`)),
    el("p", { class: "exact-title" }, words[name].title), el("p", { class: "exact-body" }, words[name].body));
  return card(t("exact_title"), el("div", { class: "exact" }, side("zh", "zh-TW"), side("en", "en")),
    facts([[t("link_label"), el("span", { class: "mono" }, content.link)]]), screens.block);
}

function factsCard(campaign) {
  return card(t("how_and_when"), facts([
    [t("status"), stateMark(campaign.state)],
    [t("topic_label"), campaign.topic_name],
    [t("schedule_label"), scheduleWords(campaign.schedule)],
    [t("next_run"), moment(campaign.next_run_at)],
    [t("priority_label"), t(`priority_${campaign.priority}`)],
    [t("deadline_said"), campaign.deadline ? moment(campaign.deadline) : t("deadline_default")],
    [t("paid_ways"), paidWords(campaign.channels)],
    [t("written_by"), who(campaign.written_by)],
    [t("submitted_by"), campaign.submitted_by && `${who(campaign.submitted_by)} · ${momentText(campaign.submitted_at)}`],
    [t("approved_by"), campaign.approved_by && `${who(campaign.approved_by)} · ${momentText(campaign.approved_at)}`],
    [t("fingerprint"), el("span", { class: "mono" }, shortHash(campaign.hash))],
  ]));
}

function who(person) {
  return person && `${person.name} ${person.staff_number}`;
}

/** The first 16 digits in fours: enough to read out over the telephone. */
function shortHash(hash) {
  return (hash || "").slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");
}

function paidWords({ sms, line, budget_twd: budget }) {
  const ways = [sms && t("channel_sms"), line && t("channel_line")].filter(Boolean);
  return ways.length ? t("paid_words", { ways: ways.join(t("and")), n: budget }) : null;
}

/** Whether this officer's own hands are in it. */
function isOwn({ written_by: writer, submitted_by: submitter }) {
  return [writer, submitter].some((person) => person?.staff_number === officer().staff_number);
}

/** Whoever neither wrote nor submitted it approves exactly these words, or sends them back with the reason. */
function decision(campaign, again) {
  if (isOwn(campaign)) {
    return notice("info", t("needs_another"), el("p", {}, t("own_words_detail")), changeLink(campaign));
  }
  if (!officer().roles.includes("publisher")) return notice("info", t("waits_for_publisher"));
  const problem = el("div");
  const reason = field(t("return_reason"), { name: "textarea", rows: 2, maxlength: 500, hint: t("return_hint") });
  const approve = button(t("approve_words"), async () => {
    if (!await confirmed(t("approve_words_confirm"), t("approve_words_detail", { when: scheduleWords(campaign.schedule), hash: shortHash(campaign.hash) }), t("approve_words"))) return;
    await busy(approve, problem, async () => {
      await call("POST", `/v1/bureau/campaigns/${campaign.id}/approval`, { body: { hash: campaign.hash } });
      await again(t("approved_words"));
    });
  }, { kind: "primary" });
  const giveBack = button(t("return_do"), async () => {
    const words = reason.input.value.trim();
    reason.setError(words ? "" : t("return_missing"));
    if (words) await busy(giveBack, problem, () => returned(campaign, words, again));
  }, { kind: "danger" });
  return card(t("decide_words_title"), el("p", { class: "hint" }, t("decide_words_hint")), facts([[t("fingerprint"), el("span", { class: "mono" }, shortHash(campaign.hash))]]),
    reason.block, problem, el("div", { class: "actions" }, approve, giveBack));
}

function changeLink(campaign) {
  return el("p", {}, el("a", { class: "button", href: `/desk/campaigns/${campaign.id}/edit` }, t("change_it")));
}

async function returned(campaign, reason, again) {
  await call("POST", `/v1/bureau/campaigns/${campaign.id}/return`, { body: { reason } });
  await again(t("returned_done"));
}

/** Stop for a while, go on, or end it: only a reason is asked for. */
function controls(campaign, again) {
  const problem = el("div");
  const act = (pressed, what, body, words) => busy(pressed, problem, async () => {
    await call("POST", `/v1/bureau/campaigns/${campaign.id}/${what}`, { body });
    await again(words);
  });
  const pause = button(t("pause_do"), () => act(pause, "pause", {}, t("paused_done")));
  const resume = button(t("resume_do"), () => act(resume, "resumption", {}, t("resumed_done")), { kind: "primary" });
  const cancel = button(t("cancel_do"), async () => {
    if (await confirmed(t("cancel_confirm"), t("cancel_detail"), t("cancel_do"), { kind: "danger" })) await act(cancel, "cancellation", {}, t("cancelled_done"));
  }, { kind: "danger" });
  return [
    card(t("controls_title"), el("p", { class: "hint" }, t("controls_hint")), problem, el("div", { class: "actions" },
      campaign.state === "paused" ? resume : pause, cancel)),
    recallForm(campaign, again),
  ];
}

function recallForm(campaign, again) {
  const reason = field(t("recall_reason"), { name: "textarea", rows: 2, maxlength: 200, hint: t("recall_reason_hint") });
  return cardForm(t("recall_title"), t("recall_hint"), [reason.block], t("recall_do"), async (pressed, problem) => {
    const words = reason.input.value.trim();
    reason.setError(words ? "" : t("required"));
    if (!words) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/bureau/campaigns/${campaign.id}/recall`, { body: { reason: words } });
      await again(t("recalled_done"));
    });
  }, { kind: "danger" });
}

function historyCard(history) {
  return card(t("history_title"), table(t("history_title"), [
    { name: t("history_at"), of: (event) => moment(event.at) },
    { name: t("history_what"), of: (event) => t(`happened_${event.what}`) },
    { name: t("history_by"), of: (event) => event.by || "–" },
    { name: t("note"), of: (event) => event.what === "tested" ? testedOn(event.own_phones) : event.note || "–" },
  ], history));
}

