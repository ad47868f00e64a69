// The kiosk: ID number, the asked code, the PIN; then one's bills. Whatever is known is held by one object, and gone with it.
import { TEXTS } from "../texts.js";
import { announce, el, fill, focusOn } from "./dom.js";

const IDLE_SECONDS = 60;
const WARNING_SECONDS = 15;
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const DIGITS = [..."123456789", "rub_out", "0"];

const main = document.getElementById("main");
let tongue = "zh-TW";
let person = nobody();
let idleSince = performance.now();

function nobody() {
  return { leaving: new AbortController(), nationalId: "", question: null, code: "", token: null };
}

function t(key, values = {}) {
  const text = TEXTS[key][tongue === "en" ? "en" : "zh"];
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Forget who was here: the session ends, and the page is as it was. */
function clear({ said } = {}) {
  const { token, leaving } = person;
  leaving.abort();
  person = nobody();
  if (token) send("POST", "/v1/auth/logout", { token }).catch(() => {});
  tongue = "zh-TW";
  welcome();
  if (said) announce(said);
}

async function send(method, path, { body, token = person.token, signal } = {}) {
  const headers = { Accept: "application/json, application/problem+json", "Accept-Language": tongue };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { method, headers, signal, cache: "no-store", credentials: "omit", keepalive: method === "POST", body: body && JSON.stringify(body) });
  const content = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.title), { words: [content.title, content.detail].filter((words, place, all) => words && all.indexOf(words) === place) });
  return content;
}

function ask(method, path, body) {
  return send(method, path, { body, signal: person.leaving.signal });
}

function draw(title, ...content) {
  document.documentElement.lang = tongue;
  document.title = t("title");
  fill(main, el("h1", {}, title), content);
  window.scrollTo(0, 0);
  focusOn(main.querySelector("h1"));
}

function button(text, onClick, kind = "") {
  return el("button", { type: "button", class: `button ${kind}`, on: { click: onClick } }, text);
}

function welcome() {
  draw(t("welcome"), el("p", {}, t("welcome_detail")), button(t("begin"), idStep),
    button(t("other_language"), () => { tongue = tongue === "en" ? "zh-TW" : "en"; welcome(); }, "quiet"), el("p", {}, t("no_card")));
}

/** One thing to enter, with keys on the screen: `check(text)` answers what is wrong, or nothing; `then(text)` goes on. */
function step({ title, label, keys, check, then, isSecret = false, send: sendText = t("next"), length }) {
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const input = el("input", { id: "entry", class: "input", type: isSecret ? "password" : "text", autocomplete: "off", autocapitalize: "characters",
    spellcheck: "false", inputmode: keys === "digits" ? "numeric" : "text", maxlength: length });
  const say = (words) => { fill(problem, words); problem.hidden = !words; };
  const submit = async (event) => {
    event.preventDefault();
    const text = input.value.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
    const wrong = check(text);
    say(wrong);
    if (wrong) { focusOn(input); return; }
    const mine = person;
    try {
      announce(t("wait"));
      await then(text);
    } catch (failure) {
      if (mine !== person || failure.name === "AbortError") return;
      say(failure.words ? failure.words.join(" ") : t("no_network"));
      input.value = "";
      focusOn(input);
    }
  };
  const press = (key) => {
    input.value = key === "rub_out" ? input.value.slice(0, -1) : (input.value + key).slice(0, length);
    focusOn(input);
  };
  const pad = (names, kind) => el("div", { class: `pad ${kind}` }, names.map((key) => el("button", { type: "button", class: "key", on: { click: () => press(key) } },
    key === "rub_out" ? t("rub_out") : key)));
  draw(title, el("form", { novalidate: true, autocomplete: "off", on: { submit } },
    el("label", { for: "entry" }, label), input, problem,
    el("button", { type: "submit", class: "button" }, sendText),
    keys === "both" && pad(LETTERS, "letters"), pad(DIGITS, "digits")),
  button(t("cancel"), () => clear(), "quiet"));
  focusOn(input);
}

function idStep() {
  step({
    title: t("id_title"), label: t("id_label"), keys: "both", length: 14,
    check: (text) => (/^[A-Z][1289A-D][0-9]{8}$/.test(text) ? "" : t("id_wrong")),
    then: async (text) => {
      person.nationalId = text;
      person.question = await ask("POST", "/v1/auth/cards/questions", { national_id: text });
      codeStep();
    },
  });
}

function codeStep() {
  const n = person.question.code_number;
  step({
    title: t("code_title", { n }), label: t("code_label", { n }), keys: "digits", length: 9,
    check: (text) => (/^[0-9]{8}$/.test(text) ? "" : t("code_wrong")),
    then: async (text) => { person.code = text; pinStep(); },
  });
}

function pinStep() {
  step({
    title: t("pin_title"), label: t("pin_label"), keys: "digits", length: 6, isSecret: true, send: t("enter"),
    check: (text) => (/^[0-9]{6}$/.test(text) ? "" : t("pin_wrong")),
    then: async (text) => {
      const { question, code, nationalId } = person;
      try {
        const session = await ask("POST", "/v1/auth/cards/verify", { question_id: question.question_id, code, pin: text, transport: "bearer" });
        person.token = session.access_token;
      } catch (failure) {
        // The code may be used up: whoever slipped is asked for the next one.
        if (failure.words) {
          person.question = await ask("POST", "/v1/auth/cards/questions", { national_id: nationalId });
          codeStep();
          const words = failure.words.join(" ");
          main.querySelector("form").prepend(el("p", { class: "problem" }, words));
          announce(words, { urgent: true });
          return;
        }
        throw failure;
      }
      person.code = "";
      await bills();
    },
  });
}

async function bills() {
  const { items } = await ask("GET", "/v1/bills?status=unpaid");
  draw(t("bills_title"), el("p", {}, t("cross_out", { n: person.question.code_number })),
    items.length === 0 ? el("p", {}, t("bills_none")) : el("ul", { class: "list", role: "list" }, items.map((bill) => el("li", {},
      el("div", { class: "amount" }, `NT$${new Intl.NumberFormat("en-US").format(bill.amount)}`), el("div", {}, [t(`bill_${bill.kind}`), bill.plate, bill.road || bill.place].filter(Boolean).join(" ")),
      bill.due_on && el("div", {}, t("bill_due", { on: dayText(bill.due_on) }))))),
    items.length > 0 && el("p", {}, t("how_to_pay")), button(t("finish"), () => clear({ said: t("cleared") })));
}

function dayText(day) {
  const [year, month, date] = day.split("-").map(Number);
  return tongue === "en" ? `${date}/${month}/${year}` : `${year - 1911}年${month}月${date}日`;
}

/** Whoever walks away leaves nothing: a warning after a minute, then the page is cleared. */
function watch() {
  const isAtStart = !person.nationalId && !person.token && main.querySelector("form") === null;
  const left = IDLE_SECONDS - (performance.now() - idleSince) / 1000;
  const shown = document.querySelector(".over");
  if (isAtStart || left > WARNING_SECONDS) { shown?.remove(); return; }
  if (left <= 0) { shown?.remove(); clear({ said: t("cleared") }); return; }
  const words = t("still_there_detail", { n: Math.ceil(left) });
  if (shown) { fill(shown.querySelector("p"), words); return; }
  const over = el("div", { class: "over", role: "alertdialog", "aria-labelledby": "over-title" }, el("h1", { id: "over-title" }, t("still_there")), el("p", {}, words),
    button(t("stay"), () => over.remove()));
  document.body.append(over);
  focusOn(over.querySelector("button"));
}

for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => { idleSince = performance.now(); }, { capture: true });
window.setInterval(watch, 1000);
// A page taken from the browser's memory would show who was here before.
window.addEventListener("pageshow", (event) => { if (event.persisted) clear(); });
window.addEventListener("pagehide", () => clear());
welcome();
