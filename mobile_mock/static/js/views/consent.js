// What a site would like to know: each thing with its purpose and what the site would see, and the person's yes or no.
import { call } from "../api.js";
import { el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, facts, heading, mark, notice } from "../parts.js";
import { lapsed, notYouButton, requestIn, turnBackButton } from "../sites.js";

export async function consent({ query, signal }) {
  const id = requestIn(query);
  if (!id) return lapsed();
  let asked;
  try {
    asked = await call("GET", `/v1/me/authorizations/${id}`, { signal });
  } catch (failure) {
    if (failure.status === 404) return lapsed();
    throw failure;
  }
  const { site, claims } = asked;
  const title = t(claims.length > 0 ? "consent_title" : "consent_title_nothing", { site: site.name });
  const boxes = new Map();
  return {
    title,
    content: [heading(title), el("p", {}, site.purpose), siteCard(asked),
      claims.length === 0 && notice("info", "", el("p", {}, t("consent_nothing"))),
      claims.length > 0 && el("section", { class: "card" },
        el("fieldset", { class: "choices" }, el("legend", {}, el("h2", {}, t("consent_claims"))), claims.map((claim) => claimRow(claim, boxes)))),
      asked.keeps_access && notice("warn", "", el("p", {}, t("consent_offline"))),
      !asked.is_signed_in_enough && notice("info", "", el("p", {}, t("consent_stronger"))),
      decision(asked, boxes),
      el("p", { class: "hint" }, t("consent_lasts"))],
  };
}

function siteCard({ id, site, person }) {
  return el("section", { class: "card" },
    facts([[t("consent_you"), el("strong", {}, person)],
      [t("consent_bureau"), site.bureau_name],
      [t("consent_host"), el("span", { class: "mono" }, site.host)],
      site.policy_uri && [t("consent_policy"), el("a", { href: site.policy_uri, target: "_blank", rel: "noreferrer" }, site.policy_uri)]]),
    notYouButton(id));
}

/** What the service cannot do without is only shown; what is up to the person is a box that is empty at first. */
function claimRow(claim, boxes) {
  const words = el("span", { class: "row-words" }, el("span", { class: "row-title" }, claim.label),
    mark(claim.is_essential ? "warn" : "info", t(claim.is_essential ? "consent_essential" : "consent_optional")),
    el("span", {}, claim.value === null ? t("consent_no_value") : t("consent_value", { value: claim.value })),
    el("span", { class: "hint" }, t("consent_purpose", { purpose: claim.purpose })),
    claim.legal_basis && el("span", { class: "hint" }, t("consent_basis", { basis: claim.legal_basis })),
    claim.is_essential && el("span", { class: "hint" }, t("consent_essential_hint")));
  if (claim.is_essential) return el("div", { class: "choice claim" }, icon("check", "large-icon"), words);
  const box = el("input", { type: "checkbox", class: "check", name: claim.claim });
  boxes.set(claim.claim, box);
  return el("label", { class: "choice claim" }, box, words);
}

function decision(asked, boxes) {
  const problem = el("div");
  const agree = button(t(asked.claims.length > 0 ? "consent_agree" : "consent_agree_nothing"), () => busy(agree, problem, async () => {
    const agreed = asked.claims.filter((claim) => claim.is_essential || boxes.get(claim.claim)?.checked).map((claim) => claim.claim);
    const body = { is_agreed: true, claims: agreed };
    const { continue_url: next } = await call("POST", `/v1/me/authorizations/${asked.id}/decision`, { body });
    window.location.assign(next);
  }), { kind: "primary wide", iconName: "check" });
  return el("div", { class: "decision" }, problem, agree, turnBackButton(asked.id, asked.site.name));
}
