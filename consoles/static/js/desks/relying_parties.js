// Sites that people sign in to with us: registered by their bureau, approved by a registrar, shut by one person.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentText, t } from "../language.js";
import { officer } from "../officer.js";
import { busy, button, card, cardForm, confirmed, facts, field, growingList, heading, moment, notice, table } from "../parts.js";
import { go, redraw } from "../router.js";
import { secretShown, siteForm } from "../site_form.js";

const TONES = { proposed: "info", approved: "good", declined: "bad", suspended: "warn" };

export const desk = {
  path: "/desk/sites",
  name: "sites",
  roles: ["bureau_officer", "registrar", "auditor"],
  screens: { "/desk/sites": list, "/desk/sites/new": propose, "/desk/sites/:id": one, "/desk/sites/:id/change": change },
};

async function list({ signal }) {
  const load = (cursor) => call("GET", `/v1/relying-parties?limit=30${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("sites_title"),
    content: [heading(t("sites_title"), { intro: t("sites_intro") }),
      officer().roles.includes("bureau_officer") && el("p", {}, el("a", { class: "button primary", href: "/desk/sites/new" }, t("site_new"))),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("no_sites"))],
  };
}

function row(site) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/sites/${site.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, `${site.name.zh} ${site.name.en}`),
      el("span", { class: "mono" }, site.client_id), el("span", { class: "hint" }, `${site.bureau_name} · ${momentText(site.proposed_at)}`)),
    statusMark(site)));
}

function statusMark({ status }) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`site_status_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const site = await call("GET", `/v1/relying-parties/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  return {
    title: site.name.zh,
    content: [
      heading(`${site.name.zh} ${site.name.en}`, { back: "/desk/sites" }),
      said && notice("good", said),
      site.open_approval_id && notice("info", t("site_open_proposal"), el("p", {}, el("a", { href: `/desk/approvals/${site.open_approval_id}` }, t("to_approval")))),
      card(null, registrationFacts(site)),
      card(t("site_claims"), facts(Object.entries(site.claims).map(([name, asked]) => [t(`site_claim_${name}`), claimWords(asked)]))),
      actions(site),
      site.may_suspend && suspension(site, again),
      site.status === "suspended" && !site.open_approval_id && officer().roles.some((role) => ["bureau_officer", "registrar"].includes(role)) && resumption(site, again),
      card(t("site_history"), historyTable(site)),
    ],
  };
}

function registrationFacts(site) {
  const lines = (values) => (values.length ? el("ul", { role: "list" }, values.map((each) => el("li", { class: "mono" }, each))) : null);
  return facts([
    [t("status"), statusMark(site)],
    [t("site_client_id"), el("span", { class: "mono" }, site.client_id)],
    [t("site_bureau"), site.bureau_name],
    [t("site_purpose"), `${site.purpose.zh} / ${site.purpose.en}`],
    [t("site_contact"), site.contact],
    [t("site_redirect_uris"), lines(site.redirect_uris)],
    [t("site_logout_uris"), lines(site.post_logout_redirect_uris)],
    [t("site_backchannel_uri"), site.backchannel_logout_uri && el("span", { class: "mono" }, site.backchannel_logout_uri)],
    [t("site_security"), t(`site_method_${site.token_endpoint_auth_method}`)],
    [t("site_public_key"), site.jwks && lines(site.jwks.keys.map((key) => `${key.kty} ${key.kid}`))],
    [t("site_alg"), site.id_token_alg],
    [t("site_loa"), site.default_loa],
    [t("site_par"), site.requires_par && "✓"],
    [t("site_offline"), site.scopes.includes("offline_access") && "✓"],
  ]);
}

function claimWords(asked) {
  return [`${asked.zh} / ${asked.en}`, el("span", { class: "hint" },
    ` ${t(asked.is_essential ? "site_claim_essential" : "site_claim_optional")}${asked.legal_basis ? ` · ${asked.legal_basis}` : ""}`)];
}

function actions(site) {
  if (!officer().roles.includes("bureau_officer")) return null;
  const problem = el("div");
  const isSecret = site.token_endpoint_auth_method !== "private_key_jwt" && ["approved", "proposed"].includes(site.status);
  const renew = isSecret && button(t("site_renew"), async () => {
    if (!await confirmed(t("site_renew_confirm"), t("site_renew_detail"), t("site_renew"), { kind: "danger" })) return;
    await busy(renew, problem, async () => {
      const { secret } = await call("POST", `/v1/relying-parties/${site.id}/secret`, { body: {} });
      secretShown(problem, secret);
    });
  });
  if (!site.may_change && !renew) return null;
  return el("div", {}, problem, el("div", { class: "actions" },
    site.may_change && el("a", { class: "button", href: `/desk/sites/${site.id}/change` }, t("site_change")), renew));
}

function suspension(site, again) {
  const reason = field(t("reason"), { name: "textarea", rows: 2, maxlength: 500 });
  return cardForm(t("site_suspend_title"), t("site_suspend_hint"), [reason.block], t("site_suspend"), async (pressed, problem) => {
    const words = reason.input.value.trim();
    reason.setError(words ? "" : t("required"));
    if (!words || !await confirmed(t("site_suspend_confirm", { site: site.name.zh }), t("site_suspend_hint"), t("site_suspend"), { kind: "danger" })) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/relying-parties/${site.id}/suspension`, { body: { reason: words } });
      await again(t("site_suspended"));
    });
  }, { kind: "danger" });
}

function resumption(site, again) {
  const reason = field(t("reason"), { name: "textarea", rows: 2, maxlength: 500 });
  return cardForm(t("site_resume"), t("site_resume_hint"), [reason.block], t("site_resume"), async (pressed, problem) => {
    const words = reason.input.value.trim();
    reason.setError(words ? "" : t("required"));
    if (!words) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/relying-parties/${site.id}/resumption`, { body: { reason: words } });
      await again(t("site_proposed"));
    });
  });
}

function historyTable(site) {
  return table(t("site_history"), [
    { name: t("site_history_at"), of: (event) => moment(event.at) },
    { name: t("site_history_what"), of: (event) => t(`site_event_${event.what}`) },
    { name: t("site_history_by"), of: (event) => event.by || "–" },
    { name: t("note"), of: (event) => event.note || "–" },
  ], site.history);
}

async function propose() {
  return formScreen(null, t("site_new"), t("site_propose"), "/desk/sites", (body) => call("POST", "/v1/relying-parties", { body }));
}

async function change({ path, signal }) {
  const id = encodeURIComponent(path.id);
  const site = await call("GET", `/v1/relying-parties/${id}`, { signal });
  return formScreen(site, t("site_change"), t("site_propose_change"), `/desk/sites/${id}`,
    (body) => call("PATCH", `/v1/relying-parties/${id}`, { body, version: site.version }));
}

function formScreen(site, title, words, back, send) {
  const form = siteForm(site);
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: "button primary" }, words);
  const submit = async (event) => {
    event.preventDefault();
    form.show([]);
    await busy(pressed, problem, async () => {
      try {
        const made = await send(form.read());
        if (!made.secret) { go(`/desk/sites/${made.id}`); return; }
        secretShown(problem, made.secret);
        pressed.replaceWith(el("a", { class: "button primary", href: `/desk/sites/${made.id}` }, t("site_proposed")));
      } catch (failure) {
        if (failure.status !== 422 || !form.show(failure.problem?.errors || [])) throw failure;
      }
    });
  };
  return { title, content: [heading(title, { back }), el("form", { class: "form", novalidate: true, on: { submit } }, form.content, problem, el("div", { class: "actions" }, pressed))] };
}
