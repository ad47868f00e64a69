// Issuing an alert or a drill: written here in both languages with its area, or a CAP file as it is. A second officer sends it.
import { call } from "../api.js";
import { areaForm } from "../area_form.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { lockScreens } from "../lock_screen.js";
import { allFilled, busy, card, checkBox, choice, field, heading, notice } from "../parts.js";
import { go } from "../router.js";

const SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];
const URGENCIES = ["Immediate", "Expected", "Future", "Past", "Unknown"];
const CERTAINTIES = ["Observed", "Likely", "Possible", "Unlikely", "Unknown"];
const CATEGORIES = ["Safety", "Met", "Geo", "Fire", "Transport", "Infra", "Env", "Health", "Rescue", "Security", "CBRNE", "Other"];
const RESPONSES = ["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor"];
const MINUTES = [30, 60, 180, 360, 720, 1440];
const AREA_WORDS = { none: "issue_area_none", near: "issue_near", nearHint: "issue_near_hint", nearNone: "issue_near_none" };
const METRES_PER_KM = 1000;

export async function issue({ query, signal }) {
  const updates = query.get("updates");
  const before = updates && await call("GET", `/v1/duty/alerts/${encodeURIComponent(updates)}`, { signal });
  const band = el("p");
  const place = el("div");
  const kind = radios(t("issue_kind"), [["drill", t("issue_drill")], ["real", t("issue_real")]], before && !before.is_drill ? "real" : "drill", () => draw());
  const how = radios(t("issue_how"), [["write", t("issue_write")], ["upload", t("issue_upload")]], "write", () => draw());
  const written = writtenForm(() => kind.value() === "drill", updates, signal);
  const uploaded = uploadForm(signal);
  const draw = () => {
    const isDrill = kind.value() === "drill";
    const isWritten = how.value() === "write";
    band.className = isDrill ? "band drill" : "band real";
    fill(band, t(isDrill ? "drill_band" : "real_band"));
    band.hidden = !isWritten;
    kind.block.hidden = !isWritten;
    written.draw();
    written.block.hidden = !isWritten;
    uploaded.hidden = isWritten;
    if (!place.firstChild) fill(place, written.block, uploaded);
  };
  draw();
  return {
    title: t("issue_title"),
    content: [heading(t("issue_title"), { back: "/desk/duty", intro: t("issue_intro") }),
      before && notice("info", t("issue_updates", { title: before.title || before.identifier })),
      card(null, el("div", { class: "form" }, how.block, kind.block)), band, place],
  };
}

/** One of a few, all in sight. */
function radios(label, options, value, onChange) {
  const name = `radios-${options.map(([each]) => each).join("-")}`;
  const inputs = options.map(([each]) => el("input", { type: "radio", name, value: each, checked: each === value, on: { change: onChange } }));
  return {
    block: el("fieldset", { class: "group" }, el("legend", {}, label),
      el("div", { class: "boxes" }, options.map(([, words], place) => el("label", { class: "box" }, inputs[place], " ", words)))),
    value: () => inputs.find(({ checked }) => checked).value,
  };
}

function writtenForm(isDrill, updates, signal) {
  const pick = (key, kind, codes, value) => choice(t(key), codes.map((code) => [code, t(`${kind}_${code}`)]), { value });
  const event = field(t("alert_event"), { maxlength: 40, autocomplete: "off", hint: t("issue_event_hint") });
  const severity = pick("severity_label", "severity", SEVERITIES, "Severe");
  const sound = el("p", { class: "said" });
  const urgency = pick("urgency_label", "urgency", URGENCIES, "Immediate");
  const certainty = pick("certainty_label", "certainty", CERTAINTIES, "Observed");
  const category = pick("category_label", "category", CATEGORIES, "Safety");
  const response = choice(t("response_label"), [["", t("response_none")], ...RESPONSES.map((code) => [code, t(`response_${code}`)])]);
  const minutes = choice(t("issue_until"), MINUTES.map((n) => [String(n), n < 60 ? t("issue_minutes") : t("issue_hours", { n: n / 60 })]), { value: "180" });
  const words = { zh: wordsIn("zh", "zh-TW"), en: wordsIn("en", "en") };
  const screens = lockScreens();
  const isCity = checkBox(t("issue_city"), false, () => draw());
  const area = areaForm({ districts: [], near: null }, { onChange: () => draw(), words: AREA_WORDS });
  const areaName = field(t("issue_area_name"), { maxlength: 100, autocomplete: "off" });
  const areaProblem = el("div");
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary" });
  const draw = () => {
    const mark = isDrill() ? { zh: "【演習】", en: "[Drill] " } : { zh: "", en: "" };
    screens.show(Object.fromEntries(Object.entries(words).map(([name, said]) => [name, {
      title: said.headline.input.value.trim() && `${mark[name]}${said.headline.input.value.trim()}`,
      body: [said.description, said.instruction].map(({ input }) => input.value.trim()).filter(Boolean).join("\n"),
    }])));
    fill(sound, `${t("sound_label")}${t("colon")}${t(`sound_${severity.input.value}`)}`);
    fill(pressed, t(isDrill() ? "issue_do_drill" : "issue_do"));
    pressed.className = isDrill() ? "button primary" : "button alarm";
    area.block.hidden = isCity.input.checked;
    areaName.block.hidden = isCity.input.checked;
  };
  for (const each of [severity, ...Object.values(words).flatMap(({ headline, description, instruction }) => [headline, description, instruction])]) {
    each.input.addEventListener("input", draw);
  }
  const areaRead = () => {
    const { districts, near } = area.read();
    return {
      is_whole_city: isCity.input.checked,
      name: (!isCity.input.checked && areaName.input.value.trim()) || null,
      districts: isCity.input.checked ? [] : districts,
      circles: !isCity.input.checked && near?.circle ? [{ latitude: near.circle.latitude, longitude: near.circle.longitude, radius_km: near.circle.radius_m / METRES_PER_KM }] : [],
      polygons: !isCity.input.checked && near?.polygon ? [near.polygon] : [],
    };
  };
  const instruction = () => {
    const said = { zh: words.zh.instruction.input.value.trim(), en: words.en.instruction.input.value.trim() };
    return said.zh || said.en ? said : null;
  };
  const submit = async (happened) => {
    happened.preventDefault();
    const where = areaRead();
    const isSomewhere = where.is_whole_city || where.districts.length || where.circles.length || where.polygons.length;
    fill(areaProblem, !isSomewhere && notice("bad", t("issue_area_missing")));
    const needed = [event, words.zh.headline, words.en.headline, words.zh.description, words.en.description, ...(instruction() ? [words.zh.instruction, words.en.instruction] : [])];
    if (!allFilled(...needed) || !isSomewhere) return;
    await busy(pressed, problem, async () => {
      const { id } = await call("POST", "/v1/duty/alerts", { signal, body: { message: {
        event: event.input.value.trim(), category: category.input.value, response: response.input.value || null, urgency: urgency.input.value,
        severity: severity.input.value, certainty: certainty.input.value, is_drill: isDrill(), area: where, updates: updates || null,
        headline: both(words, "headline"), description: both(words, "description"), instruction: instruction(),
        expires_at: new Date(Date.now() + Number(minutes.input.value) * 60_000).toISOString(),
      } } });
      await go(`/desk/duty/${id}`);
    });
  };
  return {
    draw,
    block: el("form", { novalidate: true, on: { submit } },
      card(t("issue_what"), el("div", { class: "form" }, event.block, el("div", { class: "form-row" }, severity.block, urgency.block, certainty.block), sound,
        el("div", { class: "form-row" }, category.block, response.block, minutes.block))),
      card(t("wording_title_alert"), el("div", { class: "two-languages" }, words.zh.block, words.en.block), screens.block),
      card(t("issue_where"), el("div", { class: "form" }, isCity.block, area.block, areaName.block, areaProblem)),
      card(null, problem, el("div", { class: "actions" }, pressed))),
  };
}

function both(words, part) {
  return { zh: words.zh[part].input.value.trim(), en: words.en[part].input.value.trim() };
}

function wordsIn(name, lang) {
  const headline = field(t("issue_headline"), { lang, maxlength: 100, autocomplete: "off" });
  const description = field(t("issue_description"), { lang, name: "textarea", rows: 3, maxlength: 400 });
  const instruction = field(t("issue_instruction"), { lang, name: "textarea", rows: 2, maxlength: 400 });
  return {
    headline, description, instruction,
    block: el("fieldset", { class: "group" }, el("legend", {}, t(`words_in_${name}`)), el("div", { class: "form" }, headline.block, description.block, instruction.block)),
  };
}

function uploadForm(signal) {
  const file = field(t("issue_file"), { type: "file", accept: ".xml,.cap,application/xml,text/xml,application/cap+xml", hint: t("issue_file_hint") });
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary" }, t("issue_do"));
  const submit = async (happened) => {
    happened.preventDefault();
    const [chosen] = file.input.files;
    file.setError(chosen ? "" : t("file_missing_choice"));
    if (!chosen) return;
    await busy(pressed, problem, async () => {
      const { id } = await call("POST", "/v1/duty/alerts", { body: { document: await chosen.text() }, signal });
      await go(`/desk/duty/${id}`);
    });
  };
  return card(t("issue_upload"), el("form", { class: "form", novalidate: true, on: { submit } }, file.block, problem, el("div", { class: "actions" }, pressed)));
}
