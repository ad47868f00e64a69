// An alert as duty officers read it: its words in both languages, where it holds, and where it comes from.
import { areaMap, districtName } from "./area_map.js";
import { el } from "./dom.js";
import { has, t } from "./language.js";
import { lockScreens } from "./lock_screen.js";
import { card, facts, moment } from "./parts.js";

const METRES_PER_KM = 1000;

/** Exactly what goes out, in both languages. `words`: {zh, en}, the alert as the API answers in each. */
export function wordsCard({ zh, en }) {
  if (!zh.title) return null;
  const screens = lockScreens();
  screens.show({ zh, en });
  const side = (words, lang) => el("div", { class: "exact-words", lang }, el("p", { class: "exact-language" }, t(lang === "en" ? "words_in_en" : "words_in_zh")),
    el("p", { class: "exact-title" }, words.title), el("p", { class: "exact-body" }, words.body));
  return card(t("alert_words"), el("div", { class: "exact" }, side(zh, "zh-TW"), side(en, "en")), screens.block);
}

/** Where it holds: in words, and on the map. */
export function areaCard(alert) {
  const named = [...new Set(alert.parts.flatMap(({ districts }) => districts))].sort();
  const touched = [...new Set(alert.parts.flatMap(({ near }) => near))].filter((code) => !named.includes(code)).sort();
  const shapes = alert.parts.flatMap(({ circles, polygons }) => [
    ...circles.map(([latitude, longitude, km]) => ({ circle: { latitude, longitude, radius_m: km * METRES_PER_KM } })), ...polygons.map((polygon) => ({ polygon })),
  ]);
  const says = [...named, ...touched].map(districtName).join(t("and"));
  const { block } = areaMap(`${t("map_says_alert")} ${says}`, { chosen: named, touched, shapes });
  return card(t("alert_area"), el("p", { class: "said below" }, areaWords(alert)), el("div", { class: "map-small" }, block));
}

/** What its area is called, shortly. */
export function areaWords({ areas, parts }) {
  const names = [...new Set(areas)];
  const places = Math.max(names.length, ...parts.map(({ circles, polygons }) => circles.length + polygons.length));
  return names.length > 4 ? t("areas_and_more", { names: names.slice(0, 4).join(t("and")), n: places }) : names.join(t("and")) || "–";
}

export function factsCard(alert, statusMark) {
  const who = (person) => person && `${person.name} ${person.staff_number}`;
  const named = (kind, code) => (has(`${kind}_${code}`) ? t(`${kind}_${code}`) : code);
  return card(t("alert_facts"), facts([
    [t("status"), statusMark],
    [t("alert_ended"), alert.ended_how && [named("ended", alert.ended_how), " ", moment(alert.ended_at)]],
    [t("alert_because"), alert.recorded_because_text],
    [t("severity_label"), named("severity", alert.severity)],
    [t("sound_label"), t(`sound_${alert.severity}`)],
    [t("urgency_label"), named("urgency", alert.urgency)],
    [t("certainty_label"), named("certainty", alert.certainty)],
    [t("alert_event"), alert.event],
    [t("alert_expires"), moment(alert.expires_at)],
    [t("alert_sender"), alert.sender_name ? `${alert.sender_name}（${alert.sender}）` : alert.sender],
    [t("alert_source"), sourceWords(alert.source)],
    [t("alert_signature"), t(alert.is_signature_trusted ? "signature_trusted" : "signature_none")],
    [t("alert_received"), moment(alert.received_at)],
    [t("alert_first"), who(alert.received_by)],
    [t("alert_second"), alert.approved_by && `${who(alert.approved_by)}`],
    [t("alert_follows"), alert.about.length ? alert.about.map((id) => el("a", { href: `/desk/duty/${id}` }, t("alert_number"))) : null],
    [t("alert_web"), alert.web && el("span", { class: "mono" }, alert.web)],
    [t("alert_repeats"), alert.repeats > 0 && alert.repeats],
    [t("alert_number"), el("span", { class: "mono" }, alert.identifier)],
    [t("alert_document"), el("a", { href: `/v1/duty/alerts/${alert.id}/document`, download: `${alert.id}.xml` }, t("alert_download"))],
  ]));
}

/** By which way it came: the desk, a feed, a bureau's system ("bureau:fire"), or ours on an officer's word. */
function sourceWords(source) {
  const [kind, bureau] = source.split(":");
  if (!has(`source_${kind}`)) return source;
  return bureau ? t("with_code", { words: t(`source_${kind}`), code: bureau }) : t(`source_${kind}`);
}
