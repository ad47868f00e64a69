// Sites that know me: who may know what, for which purpose, since when; and taking it back.
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { dateText, momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, empty, growingList, heading, mark } from "../parts.js";
import { show } from "../router.js";

export async function consents({ signal }) {
  const load = (cursor) => call("GET", `/v1/me/consents?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("consents_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("consents_detail")),
      first.items.length === 0 && empty("shield", t("no_consents_title"), t("no_consents_detail")),
      growingList(first, load, draw)],
  };
}

function draw(item) {
  const problem = el("div");
  const name = item.site.name;
  const end = button(t("consent_end"), async () => {
    if (!(await confirmed(t("consent_end_ask", { site: name }), t("consent_end_detail"), t("consent_end"), { dangerous: true }))) return;
    await busy(end, problem, async () => {
      await call("DELETE", `/v1/me/consents/${item.id}`);
      announce(t("consent_ended", { site: name }));
      await show();
    });
  }, { kind: "small quiet", "aria-label": t("consent_end_of", { site: name }) });
  return el("li", { class: "row plain consent" }, icon("shield", "large-icon"), el("span", { class: "row-words" },
    el("h2", { class: "row-title" }, name), el("span", { class: "hint" }, `${item.site.bureau_name} · ${item.site.host}`),
    item.is_suspended && mark("bad", t("consent_suspended"), "overdue"),
    el("ul", { class: "consent-claims" }, item.claims.map(claimLine)),
    item.keeps_access && el("span", { class: "hint" }, t("consent_offline")),
    el("span", { class: "hint" }, [t("consent_since", { when: momentText(item.given_at) }), " · ", t("consent_until", { when: dateText(item.expires_at.slice(0, 10)) })]),
    item.last_used_at && el("span", { class: "hint" }, t("consent_used", { when: momentText(item.last_used_at) })), problem, end));
}

function claimLine(claim) {
  return el("li", {}, mark(claim.is_agreed ? "good" : "", t(claim.is_agreed ? "consent_claim_yes" : "consent_claim_no"), claim.is_agreed ? "check" : "cross"),
    " ", claim.label, el("span", { class: "hint" }, t("consent_purpose", { purpose: claim.purpose })));
}
