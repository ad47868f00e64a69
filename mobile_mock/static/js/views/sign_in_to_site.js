// The sign-in page when another site sent the person here: for which site, and who is signed in already.
import { call } from "../api.js";
import { el } from "../dom.js";
import { harbour, icon } from "../icons.js";
import { language, setLanguage, t } from "../language.js";
import { busy, button } from "../parts.js";
import { goOnward, lapsed, notYouButton, pathOf, requestIn, turnBackButton } from "../sites.js";
import { keepReturn, state } from "../state.js";
import { signIn } from "./sign_in.js";

let heeded = null;

/** Like signIn, for `?authorization=`. `prove(asked)` asks for a stronger or fresher sign-in in a dialog. */
export async function signInToSite(place, { refreshMe, prove }) {
  const id = requestIn(place.query);
  if (!id) return lapsed();
  heedLanguage(id, place.query.get("ui_locale"));
  let asking;
  try {
    asking = await call("GET", `/v1/auth/authorizations/${id}`, { signal: place.signal, quiet: true });
  } catch (failure) {
    if (failure.status === 404) return lapsed();
    throw failure;
  }
  await refreshMe();
  keepReturn(pathOf("onward", id));
  const { site } = asking;
  const words = { title: t("site_banner", { site: site.name }), detail: t("site_banner_detail", { bureau: site.bureau_name, host: site.host }) };
  const acr = place.query.get("acr") || asking.acr;
  if (state.me) return confirmation({ id, acr, words, site, prove });
  return signIn(place, { refreshMe, words, after: el("div", { class: "turn-back" }, turnBackButton(id, site.name)) });
}

function confirmation({ id, acr, words, site, prove }) {
  const problem = el("div");
  const confirm = button(t("site_confirm"), () => busy(confirm, problem, async () => {
    await prove({ acr });
    goOnward(id);
  }), { kind: "primary wide", iconName: "shield" });
  const person = state.me.name || state.me.national_id;
  return {
    title: words.title,
    content: el("div", { class: "welcome" },
      el("div", { class: "welcome-hero" }, harbour(), el("h1", {}, words.title), el("p", {}, words.detail)),
      el("section", { class: "card sign-in-card" }, el("div", { class: "dialog-icon" }, icon("shield")), el("h2", {}, t("site_confirm_title")),
        el("p", {}, t("site_confirm_detail", { person, site: site.name })), problem, confirm, notYouButton(id)),
      el("div", { class: "turn-back" }, turnBackButton(id, site.name))),
  };
}

/** The site's wish for a language counts once; whoever then changes it here keeps their own. */
function heedLanguage(id, wished) {
  if (heeded === id) return;
  heeded = id;
  if (["zh-TW", "en"].includes(wished) && wished !== language()) setLanguage(wished);
}
