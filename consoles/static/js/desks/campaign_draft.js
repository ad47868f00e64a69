// Writing a message: what is said, to whom, when; kept as it is written; counted, tried on one's own phone, and handed to a second person.
import { call } from "../api.js";
import { audienceForm } from "../audience_form.js";
import { draftKeeper, forgetCopy, unsavedCopy } from "../draft_keeper.js";
import { el, fill } from "../dom.js";
import { estimateShown } from "../estimate.js";
import { t } from "../language.js";
import { busy, button, card, checkBox, choice, confirmed, field, heading, notice } from "../parts.js";
import { go, show } from "../router.js";
import { refusalWords } from "../refusal_words.js";
import { scheduleForm } from "../schedule_form.js";
import { templateChoice } from "../templates.js";
import { testedOn } from "../tested.js";
import { wordingForm } from "../wording_form.js";

const EDITABLE = ["draft", "submitted", "scheduled"];
const BLANK = {
  topic: "", name: "", content: { zh: { title: "", body: "" }, en: { title: "", body: "" }, link: "/app/inbox", fields: {} },
  audience: { districts: [], place_kinds: [], facts: [], near: null, subject: null },
  priority: "normal", deadline: null, schedule: { kind: "now" }, channels: { sms: false, line: false, budget_twd: 0 },
};

export async function compose({ path, signal }) {
  const [{ items: topics }, draft] = await Promise.all([
    call("GET", "/v1/bureau/topics?limit=100", { signal }),
    path.id ? call("GET", `/v1/bureau/campaigns/${encodeURIComponent(path.id)}`, { signal }) : null,
  ]);
  if (draft && !EDITABLE.includes(draft.state)) { go(`/desk/campaigns/${draft.id}`, { replace: true }); return null; }
  const open = topics.filter((topic) => topic.status === "open");
  if (!open.length) {
    return { title: t("campaign_new"), content: [heading(t("campaign_new"), { back: "/desk/campaigns" }), notice("warn", t("no_open_topics"),
      el("p", {}, el("a", { href: "/desk/topics" }, t("topics"))))] };
  }
  const copy = unsavedCopy(path.id || "new");
  const form = draftForm({ from: { ...BLANK, topic: open[0].code, ...draft, ...copy?.body }, draft, copy, topics: open, signal });
  const title = draft ? draft.name : t("campaign_new");
  return {
    title,
    content: [
      heading(title, { back: "/desk/campaigns", intro: t("compose_intro") }),
      draft && draft.state !== "draft" && notice("warn", t("change_voids"), el("p", {}, t("change_voids_detail"))),
      copy && notice("info", t("copy_found"), button(t("copy_drop"), () => { forgetCopy(path.id || "new"); show(); })), ...form,
    ],
  };
}

function draftForm({ from, draft, copy, topics, signal }) {
  let keeper = null;
  const changed = () => keeper?.changed();
  const about = aboutForm(from, topics, { onChange: changed, onTopic: (topic) => fitTo(topic) });
  const wording = wordingForm(from.content, {
    onChange: changed,
    above: templateChoice({ read: () => ({ topic: about.topic().code, content: wording.read() }), onChosen: (content) => wording.set(content), signal }),
    linkHint: t("link_hint"),
  });
  const audience = audienceForm(from.audience, changed);
  const schedule = scheduleForm(from, () => changed());
  const fitToEvent = () => {
    wording.setFilledByEvent(schedule.filledIn());
    audience.block.hidden = schedule.isByEvent();
  };
  schedule.kind.addEventListener("input", fitToEvent);
  const channels = channelsForm(from.channels, changed);
  const fitTo = (topic) => { audience.setTopic(topic); schedule.setHighest(topic.highest_priority); channels.setTopic(topic); changed(); };
  fitTo(about.topic());
  fitToEvent();
  const read = () => ({
    topic: about.topic().code, name: about.name.input.value.trim(), content: wording.read(), audience: schedule.isByEvent() ? BLANK.audience : audience.read(),
    ...schedule.read(), channels: channels.read(),
  });
  const missing = () => [about.name.input.value.trim() ? null : t("campaign_name_label"), ...wording.missing(), ...schedule.missing()].filter(Boolean);
  const fields = {
    "/name": about.name, "/topic": about.chosen, ...wording.fields, ...audience.fields, ...schedule.fields, "/channels/budget_twd": channels.budget,
  };
  keeper = draftKeeper(draft, {
    read, missing, copy, signal,
    onKept: (kept) => {
      const address = `/desk/campaigns/${kept.id}/edit`;
      if (window.location.pathname !== address) window.history.replaceState({}, "", address);
    },
    onRefused: (errors) => markRefused(fields, errors),
    onTheirs: () => show(),
  });
  return [about.block, wording.block, audience.block, schedule.block, channels.block, lastSteps(keeper, signal), el("div", { class: "kept-bar" }, keeper.line)];
}

/** What it is about: the topic, whose subscribers are its audience, and a name by which colleagues find it. */
function aboutForm(from, topics, { onChange, onTopic }) {
  const chosen = choice(t("topic_label"), topics.map(({ code, name }) => [code, name]), { value: from.topic });
  const name = field(t("campaign_name_label"), { value: from.name, maxlength: 120, autocomplete: "off", hint: t("campaign_name_hint") });
  const purpose = el("p", { class: "said" });
  const topic = () => topics.find(({ code }) => code === chosen.input.value) || topics[0];
  const draw = () => fill(purpose, t("topic_said", { purpose: topic().purpose, priority: t(`priority_${topic().highest_priority}`) }));
  chosen.input.addEventListener("input", () => { draw(); onTopic(topic()); });
  name.input.addEventListener("input", onChange);
  draw();
  return { block: card(t("about_title"), el("div", { class: "form" }, chosen.block, purpose, name.block)), chosen, name, topic };
}

/** Paid ways to people whom no push reaches, where the topic has them. */
function channelsForm(from, onChange) {
  const sms = checkBox(t("channel_sms"), from.sms, () => draw());
  const line = checkBox(t("channel_line"), from.line, () => draw());
  const budget = field(t("channel_budget"), { type: "number", min: 0, step: 100, value: from.budget_twd || 0, hint: t("channel_budget_hint") });
  const block = card(t("channels_title"), el("p", { class: "hint" }, t("channels_hint")), el("div", { class: "form" }, sms.block, line.block, budget.block));
  const draw = () => { budget.block.hidden = !isPaid(); onChange(); };
  const isPaid = () => (sms.input.checked && !sms.block.hidden) || (line.input.checked && !line.block.hidden);
  budget.input.addEventListener("input", onChange);
  return {
    block,
    budget,
    setTopic: ({ channels }) => {
      sms.block.hidden = !channels.includes("sms");
      line.block.hidden = !channels.includes("line");
      block.hidden = sms.block.hidden && line.block.hidden;
      budget.block.hidden = !isPaid();
    },
    read: () => ({
      sms: sms.input.checked && !sms.block.hidden, line: line.input.checked && !line.block.hidden, budget_twd: isPaid() ? Number(budget.input.value) : 0,
    }),
  };
}

/** Count, try, hand over. Each saves first what was just written. */
function lastSteps(keeper, signal) {
  const problem = el("div");
  const result = el("div", { "aria-live": "polite" });
  const withDraft = (pressed, work) => busy(pressed, problem, async () => {
    const kept = await keeper.now();
    if (kept) await work(kept);
    else fill(problem, notice("warn", t("not_kept"), el("p", {}, t("not_kept_detail"))));
  });
  const estimate = button(t("estimate_do"), () => withDraft(estimate, async (kept) => {
    fill(result, estimateShown(await call("POST", `/v1/bureau/campaigns/${kept.id}/estimate`, { body: {}, signal })));
  }));
  const test = button(t("test_do"), () => withDraft(test, async (kept) => {
    try {
      const sent = await call("POST", `/v1/bureau/campaigns/${kept.id}/test-message`, { body: {}, signal });
      fill(problem, notice("good", t("test_sent"), el("p", {}, testedOn(sent.own_phones)), unlinkButton(problem, signal)));
    } catch (failure) {
      if (failure.slug !== "no-phone-linked") throw failure;
      fill(problem, phoneLink(signal));
    }
  }));
  const submit = button(t("submit_do"), () => withDraft(submit, async (kept) => {
    if (!await confirmed(t("submit_confirm"), t("submit_confirm_detail"), t("submit_do"))) return;
    await call("POST", `/v1/bureau/campaigns/${kept.id}/submission`, { body: {}, version: kept.version, signal });
    await go(`/desk/campaigns/${kept.id}`);
  }), { kind: "primary" });
  const discard = button(t("discard_do"), async () => {
    if (!await confirmed(t("discard_confirm"), t("discard_confirm_detail"), t("discard_do"), { kind: "danger" })) return;
    const kept = keeper.kept();
    await busy(discard, problem, async () => {
      if (kept) await call("DELETE", `/v1/bureau/campaigns/${kept.id}`, { version: kept.version, signal });
      forgetCopy(kept?.id || "new");
      await go("/desk/campaigns");
    });
  }, { kind: "danger" });
  return card(t("last_steps_title"), el("p", { class: "hint" }, t("estimate_hint")), result, problem,
    el("div", { class: "actions" }, estimate, test, submit, discard));
}

/** How an officer links their own phone, on which alone a test is read. */
function phoneLink(signal) {
  const place = el("div");
  const show = button(t("phone_code"), () => busy(show, place, async () => {
    const { code } = await call("POST", "/v1/bureau/test-phone/code", { body: {}, signal });
    fill(place, el("p", { class: "live-figure mono" }, code), el("p", {}, t("phone_then")));
  }));
  return notice("info", t("phone_title"), el("p", {}, t("phone_detail")), place, show);
}

function unlinkButton(problem, signal) {
  const unlink = button(t("phone_unlink"), () => busy(unlink, problem, async () => {
    await call("DELETE", "/v1/bureau/test-phone", { signal });
    fill(problem, notice("info", t("phone_unlinked")));
  }), { kind: "small" });
  return unlink;
}

/** Mark the fields that the API refused, each with all its reasons, without leading there; answers those refusals that have no field. */
function markRefused(fields, errors) {
  const reasons = new Map(Object.values(fields).map((each) => [each, []]));
  const unplaced = errors.filter(({ pointer, detail }) => {
    const found = Object.entries(fields).find(([name]) => pointer === name || pointer.startsWith(`${name}/`));
    if (found) reasons.get(found[1]).push(refusalWords(detail));
    return !found;
  });
  for (const [each, said] of reasons) each.setError(said.join(t("next_sentence")), { isQuiet: true });
  return unplaced;
}
