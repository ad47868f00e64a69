// The form in which a bureau registers its site, or changes what is registered.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { card, choice, field } from "./parts.js";

const CLAIMS = [["name", "profile"], ["phone_number", "phone"], ["national_id", "national_id"]];
const METHODS = ["private_key_jwt", "client_secret_basic", "client_secret_post"];

/**
 * The fields, filled in from a registration (null: a new one). Answers {content, read(), show(errors)}: `read` is what the
 * API is sent, `show` marks what it refused and answers whether each refusal found its field.
 */
export function siteForm(site) {
  const from = site || { name: {}, purpose: {}, claims: {}, scopes: [], redirect_uris: [], post_logout_redirect_uris: [] };
  const text = (key, value = "", more = {}) => field(t(key), { value: value || "", maxlength: 500, autocomplete: "off", ...more });
  const lines = (key, values, hint) => {
    const area = field(t(key), { name: "textarea", rows: 3, hint: hint && t(hint), spellcheck: "false" });
    area.input.value = (values || []).join("\n");
    return area;
  };
  const fields = {
    "/client_id": site ? null : text("site_client_id", "", { hint: t("site_client_id_hint"), maxlength: 63, spellcheck: "false" }),
    "/name/zh": text("site_name_zh", from.name.zh, { maxlength: 60, lang: "zh-TW" }),
    "/name/en": text("site_name_en", from.name.en, { maxlength: 60, lang: "en" }),
    "/purpose/zh": text("site_purpose_zh", from.purpose.zh, { maxlength: 300, lang: "zh-TW" }),
    "/purpose/en": text("site_purpose_en", from.purpose.en, { maxlength: 300, lang: "en" }),
    "/contact": text("site_contact", from.contact, { maxlength: 200 }),
    "/client_uri": text("site_client_uri", from.client_uri, { inputmode: "url" }),
    "/policy_uri": text("site_policy_uri", from.policy_uri, { inputmode: "url" }),
    "/redirect_uris": lines("site_redirect_uris", from.redirect_uris, "site_redirect_hint"),
    "/post_logout_redirect_uris": lines("site_logout_uris", from.post_logout_redirect_uris),
    "/backchannel_logout_uri": text("site_backchannel_uri", from.backchannel_logout_uri, { inputmode: "url" }),
    "/token_endpoint_auth_method": choice(t("site_method"), METHODS.map((each) => [each, t(`site_method_${each}`)]), { value: from.token_endpoint_auth_method || METHODS[0] }),
    "/public_key": field(t("site_public_key"), { name: "textarea", rows: 5, spellcheck: "false", hint: `${t("site_public_key_hint")}${site ? `（${t("site_public_key_kept")}）` : ""}` }),
    "/id_token_alg": choice(t("site_alg"), [["ES256", "ES256"], ["RS256", "RS256"]], { value: from.id_token_alg || "ES256" }),
    "/default_loa": choice(t("site_loa"), ["1", "2", "3", "4"].map((each) => [each, each]), { value: String(from.default_loa || 2) }),
    "/reason": field(t("site_reason"), { name: "textarea", rows: 2, maxlength: 500 }),
  };
  const par = box(t("site_par"), from.requires_par);
  const offline = box(t("site_offline"), from.scopes.includes("offline_access"));
  const claims = CLAIMS.map(([name, scope]) => claimFields(name, scope, from.claims[name], fields));
  const key = fields["/public_key"].block;
  const method = fields["/token_endpoint_auth_method"].input;
  const onMethod = () => { key.hidden = method.value !== "private_key_jwt"; };
  method.addEventListener("change", onMethod);
  onMethod();
  const group = (...names) => el("div", { class: "form" }, names.map((name) => fields[name] && fields[name].block));

  return {
    content: [
      card(t("site_basics"), group("/client_id", "/name/zh", "/name/en", "/purpose/zh", "/purpose/en", "/contact", "/client_uri", "/policy_uri")),
      card(t("site_addresses"), group("/redirect_uris", "/post_logout_redirect_uris", "/backchannel_logout_uri")),
      card(t("site_security"), group("/token_endpoint_auth_method", "/public_key", "/id_token_alg", "/default_loa"), par.block, offline.block),
      card(t("site_claims"), el("p", { class: "hint" }, t("site_claims_intro")), claims.map((claim) => claim.block)),
      card(null, fields["/reason"].block),
    ],
    read: () => read(fields, claims, { par, offline, isNew: !site }),
    show: (errors) => showErrors(fields, errors),
  };
}

function claimFields(name, scope, asked, fields) {
  const isAsked = box(t("site_claim_asked", { claim: t(`site_claim_${name}`) }), Boolean(asked));
  const own = {
    zh: field(t("site_claim_zh"), { value: asked?.zh || "", maxlength: 300, lang: "zh-TW" }),
    en: field(t("site_claim_en"), { value: asked?.en || "", maxlength: 300, lang: "en" }),
    is_essential: choice(t("site_claim_need"), [["no", t("site_claim_optional")], ["yes", t("site_claim_essential")]], { value: asked?.is_essential ? "yes" : "no" }),
    legal_basis: field(t("site_claim_basis"), { value: asked?.legal_basis || "", maxlength: 300, hint: name === "national_id" ? t("site_claim_basis_hint") : null }),
  };
  for (const [member, each] of Object.entries(own)) fields[`/claims/${name}/${member}`] = each;
  const details = el("div", { class: "form" }, Object.values(own).map((each) => each.block));
  const onAsked = () => { details.hidden = !isAsked.input.checked; };
  isAsked.input.addEventListener("change", onAsked);
  onAsked();
  return { name, scope, isAsked, own, block: el("fieldset", { class: "claim" }, el("legend", { class: "unseen" }, t(`site_claim_${name}`)), isAsked.block, details) };
}

function box(label, isChecked) {
  const input = el("input", { type: "checkbox", checked: Boolean(isChecked) });
  return { input, block: el("label", { class: "box" }, input, " ", label) };
}

function read(fields, claims, { par, offline, isNew }) {
  const value = (name) => fields[name].input.value.trim();
  const lines = (name) => value(name).split("\n").map((line) => line.trim()).filter(Boolean);
  const asked = claims.filter((claim) => claim.isAsked.input.checked);
  const method = value("/token_endpoint_auth_method");
  const key = method === "private_key_jwt" && value("/public_key") ? { public_key: keyOf(value("/public_key")) } : {};
  return {
    ...(isNew ? { client_id: value("/client_id") } : {}),
    name: { zh: value("/name/zh"), en: value("/name/en") },
    purpose: { zh: value("/purpose/zh"), en: value("/purpose/en") },
    contact: value("/contact"),
    client_uri: value("/client_uri") || null,
    policy_uri: value("/policy_uri") || null,
    redirect_uris: lines("/redirect_uris"),
    post_logout_redirect_uris: lines("/post_logout_redirect_uris"),
    backchannel_logout_uri: value("/backchannel_logout_uri") || null,
    token_endpoint_auth_method: method,
    ...key,
    id_token_alg: value("/id_token_alg"),
    scopes: ["openid", ...new Set(asked.map(({ scope }) => scope)), ...(offline.input.checked ? ["offline_access"] : [])],
    claims: Object.fromEntries(asked.map(({ name, own }) => [name, {
      zh: own.zh.input.value.trim(), en: own.en.input.value.trim(), is_essential: own.is_essential.input.value === "yes",
      legal_basis: own.legal_basis.input.value.trim(),
    }])),
    default_loa: Number(value("/default_loa")),
    requires_par: par.input.checked,
    reason: value("/reason"),
  };
}

/** A JWK is sent as the object it is, a PEM as text. */
function keyOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function showErrors(fields, errors) {
  for (const each of Object.values(fields)) each?.setError("");
  let first = null;
  let areAllShown = true;
  for (const { pointer, detail } of [...errors].reverse()) {
    const found = nearest(fields, pointer.replace("/value/", "/"));
    if (found) { found.setError(detail); first = found; } else areAllShown = false;
  }
  first?.input.focus();
  return areAllShown && errors.length > 0;
}

function nearest(fields, pointer) {
  for (let path = pointer; path; path = path.slice(0, path.lastIndexOf("/"))) {
    const found = fields[path] || Object.entries(fields).find(([name]) => name.startsWith(`${path}/`))?.[1];
    if (found) return found;
  }
  return null;
}

/** What is said once: a secret, to be copied. */
export function secretShown(place, secret) {
  fill(place, el("div", { class: "notice warn", role: "status" }, el("p", { class: "notice-title" }, t("site_secret_title")), el("p", {}, t("site_secret_detail")),
    el("pre", { class: "mono", tabindex: "0" }, secret)));
}
