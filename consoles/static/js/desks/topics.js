// A bureau's topics: what people subscribe to, why, and how each subscription ends by itself.
import { call } from "../api.js";
import { factName } from "../audience_words.js";
import { el, fill } from "../dom.js";
import { NEEDS, endingsForm } from "../endings_form.js";
import { momentText, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, card, checkBox, choice, field, growingList, heading, notice, problemPanel } from "../parts.js";
import { go } from "../router.js";
import { PRIORITIES } from "../schedule_form.js";

const TONES = { draft: "", open: "good", closed: "warn" };
const CHANNELS = ["push", "webpush", "line", "sms"];
const FACTS = ["has_car", "has_motorcycle", "commutes_on", "rider"];
const SENSITIVE = ["rider"];
const OFFERED_AT = ["marriage_registered", "birth_registered"];
const TEXTS = [["name", 60], ["purpose", 400], ["sample_title", 80], ["sample_body", 240], ["legal_basis", 600]];
const LANGUAGES = [["zh", "zh-TW"], ["en", "en"]];
const BLANK = {
  status: "draft", channels: ["push", "webpush"], highest_priority: "normal", subject_kind: null, endings: [{ rule: "silence", sends: 6, answer_days: 14 }], facts: [],
  facts_awaiting: [], offered_at: null, offered_days: null, texts: Object.fromEntries(TEXTS.map(([name]) => [name, { zh: "", en: "" }])),
};

export const desk = {
  path: "/desk/topics", name: "topics", roles: ["editor", "publisher"], screens: { "/desk/topics": list, "/desk/topics/new": write, "/desk/topics/:code/edit": write },
};

async function list({ signal }) {
  const load = (cursor) => call("GET", `/v1/bureau/topics?limit=50${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("topics_title"),
    content: [
      el("div", { class: "with-button" }, heading(t("topics_title"), { intro: t("topics_intro") }), el("a", { class: "button", href: "/desk/topics/new" }, t("topic_new"))),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("topics_none")),
    ],
  };
}

function row(topic) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/topics/${topic.code}/edit` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, topic.name), el("span", {}, topic.purpose),
      el("span", { class: "hint" }, t("topic_ends", { ends: topic.ends.join(t("next_sentence")) }))),
    topic.awaits_change && el("span", { class: "mark warn" }, t("topic_change_awaiting")),
    topic.facts_awaiting.length > 0 && el("span", { class: "mark warn" }, t("facts_awaiting")),
    el("span", { class: `mark ${TONES[topic.status]}` }, t(`topic_status_${topic.status}`))));
}

async function write({ path, signal }) {
  const topic = path.code ? await call("GET", `/v1/bureau/topics/${encodeURIComponent(path.code)}`, { signal }) : null;
  const title = topic ? topic.name : t("topic_new");
  return { title, content: [heading(title, { back: "/desk/topics", intro: t("topic_intro") }), ...awaiting(topic), topicForm(topic)].filter(Boolean) };
}

function awaiting(topic) {
  const approvals = () => el("p", {}, el("a", { href: "/desk/approvals" }, t("approvals")));
  return [
    topic?.awaits_change && notice("warn", t("topic_change_awaiting"), approvals()),
    topic?.facts_awaiting.length > 0 && notice("warn", t("facts_awaiting"), el("p", {}, topic.facts_awaiting.map(factName).join(t("and"))), approvals()),
  ];
}

function topicForm(topic) {
  const from = topic || BLANK;
  const isPublisher = officer().roles.includes("publisher");
  const code = topic ? null : field(t("topic_code"), { maxlength: 61, autocomplete: "off", spellcheck: "false", hint: t("topic_code_hint") });
  const texts = Object.fromEntries(LANGUAGES.map(([language, lang]) => [language, Object.fromEntries(TEXTS.map(([name, most]) => {
    const isLong = most > 100;
    const made = field(t(`topic_${name}`), { lang, maxlength: most, ...(isLong ? { name: "textarea", rows: 3 } : { autocomplete: "off" }) });
    made.input.value = from.texts[name][language];
    return [name, made];
  }))]));
  // Opening and closing is a publisher's; what was open is never a draft again.
  const statuses = isPublisher ? (topic && topic.status !== "draft" ? ["open", "closed"] : ["draft", "open"]) : [from.status];
  const status = choice(t("status"), statuses.map((each) => [each, t(`topic_status_${each}`)]), { value: from.status, hint: isPublisher ? t("topic_status_hint") : t("topic_status_by_publisher") });
  const priority = choice(t("topic_highest"), PRIORITIES.map((each) => [each, t(`priority_${each}`)]), { value: from.highest_priority });
  const subject = choice(t("topic_subject"), [["", t("subject_none")], ...Object.values(NEEDS).map((each) => [each, t(`subject_${each}`)])], { value: from.subject_kind || "", hint: t("topic_subject_hint") });
  const endings = endingsForm(from.endings);
  const channels = CHANNELS.map((each) => [each, checkBox(t(`channel_name_${each}`), from.channels.includes(each))]);
  const facts = FACTS.map((each) => [each, checkBox(factName(each), from.facts.includes(each) || from.facts_awaiting.includes(each))]);
  const offered = choice(t("topic_offered"), [["", t("offered_never")], ...OFFERED_AT.map((each) => [each, t(`offered_${each}`)])], { value: from.offered_at || "" });
  const days = field(t("topic_offered_days"), { type: "number", min: 1, value: from.offered_days || 180 });
  const drawOffered = () => { days.block.hidden = !offered.input.value; };
  offered.input.addEventListener("input", drawOffered);
  drawOffered();
  const chosen = (boxes) => boxes.filter(([, { input }]) => input.checked).map(([name]) => name);
  const read = () => ({
    ...(code ? { code: code.input.value.trim() } : {}),
    texts: Object.fromEntries(TEXTS.map(([name]) => [name, { zh: texts.zh[name].input.value.trim(), en: texts.en[name].input.value.trim() }])),
    channels: chosen(channels), facts: chosen(facts), highest_priority: priority.input.value, subject_kind: subject.input.value || null, endings: endings.read(),
    status: status.input.value, offered_at: offered.input.value || null, offered_days: offered.input.value ? Number(days.input.value) : null,
  });
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary" }, t("topic_save"));
  const save = async (event) => {
    event.preventDefault();
    if (!allFilled(...[code, ...LANGUAGES.flatMap(([language]) => Object.values(texts[language]))].filter(Boolean))) return;
    await busy(pressed, problem, async () => {
      try {
        await (topic ? call("PUT", `/v1/bureau/topics/${topic.code}`, { body: read(), version: topic.version }) : call("POST", "/v1/bureau/topics", { body: read() }));
        await go("/desk/topics");
      } catch (failure) {
        if (failure.status !== 412 && !failure.problem?.errors?.length) throw failure;
        fill(problem, failure.status === 412 ? notice("bad", t("topic_conflict"), el("p", {}, t("topic_conflict_detail"))) : refusals(failure));
      }
    });
  };
  const side = (language) => el("fieldset", { class: "group" }, el("legend", {}, t(`words_in_${language}`)), el("div", { class: "form" }, Object.values(texts[language]).map(({ block }) => block)));
  return el("form", { novalidate: true, on: { submit: save } },
    card(t("topic_words"), code?.block, el("div", { class: "two-languages" }, side("zh"), side("en"))),
    card(t("topic_ending"), el("div", { class: "form" }, subject.block, endings.block)),
    card(t("topic_sending"), el("div", { class: "form" }, priority.block,
      el("fieldset", { class: "group" }, el("legend", {}, t("topic_channels")), el("div", { class: "boxes" }, channels.map(([, { block }]) => block))),
      el("fieldset", { class: "group" }, el("legend", {}, t("topic_facts")), el("p", { class: "hint" }, t("topic_facts_hint", { names: SENSITIVE.map(factName).join(t("and")) })),
        el("div", { class: "boxes" }, facts.map(([, { block }]) => block))),
      offered.block, days.block)),
    card(null, el("div", { class: "form" }, status.block, topic && topic.status !== "draft" && el("p", { class: "hint" }, t(`topic_${topic.status}_change_hint`)), topic && el("p", { class: "hint" }, t("topic_changed_at", { at: momentText(topic.updated_at) })), problem,
      el("div", { class: "actions" }, pressed))));
}

function refusals(failure) {
  const panel = problemPanel(failure);
  panel.append(el("ul", { class: "problem-list" }, failure.problem.errors.map(({ pointer, detail }) => el("li", {}, t("pair", { name: pointer, value: detail })))));
  return panel;
}
