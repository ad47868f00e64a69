// What each fleet takes: the terms of all days with their source, and others proposed; another officer decides.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { dayText, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, card, checkBox, facts, field, heading, notice } from "../parts.js";
import { redraw } from "../router.js";

const NUMBERS = ["closes_minutes", "free_until_minutes", "late_fee_twd", "late_points", "widest_chair_cm", "longest_chair_cm", "heaviest_chair_kg"];
const FLAGS = ["is_only_for_eligible", "is_pooled_obligatory", "is_confirmed"];
const TONES = { now: "good", later: "info", no_more: "" };
const TIER = /^\s*(\d{1,2})\s*(?:\|([^|]*))?(?:\|([^|]*))?(?:\|([^|]*))?(?:\|([^|]*))?$/;

export const desk = { path: "/desk/dispatch-terms", name: "trm", roles: ["dispatcher", "auditor"], screens: { "/desk/dispatch-terms": fleets, "/desk/dispatch-terms/:id": terms } };

async function fleets({ signal }) {
  const { items } = await call("GET", "/v1/dispatch/fleets", { signal });
  return {
    title: t("trm"),
    content: [heading(t("trm"), { back: "/desk/dispatch", intro: t("trm_intro") }),
      items.length === 0 ? el("p", { class: "empty" }, t("trm_none")) : el("ul", { class: "list", role: "list" }, items.map((each) => el("li", { class: "row" },
        el("a", { class: "row-link", href: `/desk/dispatch-terms/${encodeURIComponent(each.fleet)}` },
          el("span", { class: "row-words" }, el("span", { class: "row-title" }, each.name), el("span", {}, each.phone)),
          !each.is_open && el("span", { class: "mark" }, t("trm_shut"))))))],
  };
}

async function terms(place, { said } = {}) {
  const { path, signal } = place;
  const address = `/v1/dispatch/fleets/${encodeURIComponent(path.id)}/terms`;
  const [found, all] = await Promise.all([call("GET", address, { signal }), call("GET", "/v1/dispatch/fleets", { signal })]);
  const name = all.items.find(({ fleet }) => fleet === path.id)?.name ?? path.id;
  const title = t("trm_of", { name });
  return {
    title,
    content: [heading(title, { back: "/desk/dispatch-terms" }),
      said && notice("good", t("trm_proposed"), el("a", { class: "button", href: `/desk/approvals/${said}` }, t("trm_to_approval"))),
      found.versions.length === 0 && el("p", { class: "empty" }, t("trm_no_versions")),
      found.versions.map(version),
      officer().roles.includes("dispatcher") && proposal(address, found.versions.find(({ counts }) => counts === "now") ?? found.versions[0] ?? {}, (approval) => redraw(terms, place, approval))],
  };
}

function version(each) {
  return card(t("trm_from", { day: dayText(each.first_day) }),
    el("p", {}, el("span", { class: `mark ${TONES[each.counts]}` }, t(`trm_${each.counts}`)), " ", el("span", { class: `mark ${each.is_confirmed ? "good" : "warn"}` }, t(each.is_confirmed ? "trm_confirmed" : "trm_unconfirmed"))),
    facts([
      [t("trm_hours"), each.hours_words], [t("trm_area"), each.area_words], [t("trm_booking"), each.booking_words], [t("trm_cancelling"), each.cancellation_words], [t("trm_chair"), each.chair_words],
      [t("trm_is_only_for_eligible"), each.is_only_for_eligible && t("trm_yes")], [t("trm_is_pooled_obligatory"), each.is_pooled_obligatory && t("trm_yes")], [t("trm_source"), each.source],
    ]));
}

function proposal(address, known, onProposed) {
  const text = (name, value, more = {}) => field(t(`trm_${name}`), { value: value ?? "", ...more });
  const first = text("first_day", "", { type: "date", hint: t("trm_first_day_hint") });
  const hours = { opens_at: text("opens_at", known.opens_at, { type: "time" }), closes_at: text("closes_at", known.closes_at, { type: "time", hint: t("trm_closes_at_hint") }) };
  const areas = text("areas", known.areas?.join(", "), { hint: t("trm_areas_hint") });
  const beyond = text("areas_beyond", known.areas_beyond?.join(", "), { hint: t("trm_areas_beyond_hint") });
  const tiers = field(t("trm_tiers"), { name: "textarea", rows: 4, hint: t("trm_tiers_hint"), spellcheck: "false" });
  tiers.input.value = (known.tiers ?? []).map(tierText).join("\n");
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, text(name, known[name], { inputmode: "numeric", maxlength: 5 })]));
  const flags = Object.fromEntries(FLAGS.map((name) => [name, checkBox(t(`trm_${name}`), name !== "is_confirmed" && known[name])]));
  const source = text("source", "", { maxlength: 300, hint: t("trm_source_hint") });
  const problem = el("div");
  const key = keyForEach();
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(first, ...Object.values(hours), tiers, ...Object.values(numbers), source)) return;
    const wrong = Object.values(numbers).find(({ input }) => !/^[0-9]+$/.test(input.value.trim()));
    if (wrong) { wrong.setError(t("trm_whole")); return; }
    const lines = tiers.input.value.split("\n").filter((line) => line.trim()).map((line) => TIER.exec(line));
    if (!lines.every(Boolean)) { tiers.setError(t("trm_tiers_wrong")); return; }
    busy(event.submitter, problem, async () => {
      const body = {
        first_day: first.input.value, opens_at: hours.opens_at.input.value.slice(0, 5), closes_at: hours.closes_at.input.value.slice(0, 5),
        areas: words(areas.input.value).length ? words(areas.input.value) : null, areas_beyond: words(beyond.input.value), tiers: lines.map(tierOf),
        ...Object.fromEntries(NUMBERS.map((name) => [name, Number(numbers[name].input.value)])), ...Object.fromEntries(FLAGS.map((name) => [name, flags[name].input.checked])), source: source.input.value.trim(),
      };
      await onProposed((await call("POST", address, { body, key: key(body) })).approval_id);
    });
  };
  return el("details", { class: "card" }, el("summary", {}, t("trm_propose")),
    el("form", { class: "form", novalidate: true, on: { submit } },
      el("div", { class: "columns form" }, [first, hours.opens_at, hours.closes_at, areas, beyond, ...Object.values(numbers)].map(({ block }) => block)),
      tiers.block, Object.values(flags).map(({ block }) => block), source.block, problem,
      el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("trm_propose_it")))));
}

function tierText({ opens_days: days, purposes, severities, books_first: first, needs_wheelchair: wheelchair }) {
  return [days, purposes.join(","), severities.join(","), first ? "first" : "", wheelchair ? "wheelchair" : ""].join(" | ").replace(/[ |]+$/, "");
}

function tierOf([, days, purposes = "", severities = "", first = "", wheelchair = ""]) {
  return { opens_days: Number(days), purposes: words(purposes), severities: words(severities), books_first: first.trim() !== "", needs_wheelchair: wheelchair.trim() !== "" };
}

function words(typed) {
  return typed.split(/[,，、\s]+/).filter(Boolean);
}
