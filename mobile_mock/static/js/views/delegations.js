// Who acts for me, and for whom I act.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dateText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, empty, growingList, heading, mark } from "../parts.js";

const TONES = { active: "good", offered: "warn" };
const SIGNS = { active: "check", offered: "clock" };

export async function delegations({ signal }) {
  const load = (role) => (cursor) => call("GET", `/v1/me/delegations?role=${role}&limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [forMe, byMe] = await Promise.all([load("principal")(), load("agent")()]);
  const title = t("delegations_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("delegations_detail")),
      side("for_me", forMe, load("principal"), "principal"), side("by_me", byMe, load("agent"), "agent")],
  };
}

function side(name, first, load, role) {
  return el("section", {}, el("h2", { class: "section-title" }, t(`delegations_${name}`)),
    first.items.length === 0 ? empty("people", t(`no_delegations_${name}`), t(`no_delegations_${name}_detail`)) : growingList(first, load, row),
    buttonLink(t(`delegation_offer_${role}`), `/app/me/delegations/new?role=${role}`, { kind: "quiet wide", iconName: "plus" }));
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/me/delegations/${item.id}` }, icon("people", "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, otherName(item)),
      el("span", {}, statusMark(item)),
      el("span", { class: "hint" }, item.scopes.map((each) => each.words).join(t("and_so"))),
      el("span", { class: "hint" }, period(item))), icon("forward")));
}

/** What the other person is called as far as one may know. */
export function otherName(item) {
  return [item.other.name, item.other.national_id].filter(Boolean).join(" ") || t("delegation_somebody");
}

/** Whether it is in force, waits for somebody, or is over. */
export function statusMark(item) {
  const words = item.may.accept ? t("delegation_waits_for_you") : item.status_words;
  return mark(TONES[item.status] || "info", words, SIGNS[item.status] || "info");
}

/** From when to when. */
export function period(item) {
  return item.ends_on ? t("delegation_period", { from: dateText(item.starts_on), to: dateText(item.ends_on) }) : t("delegation_period_open", { from: dateText(item.starts_on) });
}
