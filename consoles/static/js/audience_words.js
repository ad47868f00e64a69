// An audience in words, and on the map, for whoever approves it or looks back.
import { areaMap, districtName } from "./area_map.js";
import { el } from "./dom.js";
import { has, t } from "./language.js";

/** In one sentence: "訂閱「道路施工」的人，而且住家在前鎮區、小港區". */
export function audienceWords(audience, topicName) {
  const parts = [t("said_topic", { topic: topicName })];
  if (audience.districts.length) {
    const kinds = audience.place_kinds.length ? audience.place_kinds.map((kind) => t(`place_${kind}`)).join(t("or")) : t("place_any");
    parts.push(t("said_districts", { kinds, names: audience.districts.map(districtName).join(t("and")) }));
  }
  for (const fact of audience.facts) {
    parts.push(fact.value ? t("said_fact_value", { fact: factName(fact.name), value: valueName(fact.value) }) : t("said_fact", { fact: factName(fact.name) }));
  }
  if (audience.near?.circle) parts.push(t("said_circle", { m: audience.near.circle.radius_m, lat: audience.near.circle.latitude, lon: audience.near.circle.longitude }));
  if (audience.near?.polygon) parts.push(t("said_polygon", { n: new Set(audience.near.polygon.map(String)).size }));
  if (audience.subject) parts.push(t("said_subject", { subject: audience.subject }));
  return parts.join(t("also"));
}

/** The map of it, only to look at. Nothing where it is not about a place. */
export function audienceMap(audience) {
  if (!audience.districts.length && !audience.near) return null;
  const { block } = areaMap(t("map_says_chosen"), { chosen: audience.districts, shapes: audience.near ? [audience.near] : [] });
  return el("div", { class: "map-small" }, block);
}

/** What people call a fact. */
export function factName(name) {
  return has(`fact_${name}`) ? t(`fact_${name}`) : name;
}

/** What people call a value of a fact: a road, a line of the metro. */
export function valueName(value) {
  return has(`fact_value_${value}`) ? t(`fact_value_${value}`) : value;
}
