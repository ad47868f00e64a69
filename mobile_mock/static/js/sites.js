// On the way to another site that people sign in to with us: where the browser goes next, and how one turns back.
import { call } from "./api.js";
import { el } from "./dom.js";
import { t } from "./language.js";
import { busy, button, buttonLink, empty } from "./parts.js";
import { change } from "./state.js";

const REQUEST = /^aut_[0-9a-hjkmnp-tv-z]{26}$/;

/** The request that the address names, or null. */
export function requestIn(query) {
  const id = query.get("authorization") || "";
  return REQUEST.test(id) ? id : null;
}

/** The screen's path for a request; `/app/onward` leads out of the phone to the provider. */
export const pathOf = (screen, id) => `/app/${screen}?authorization=${id}`;

/** Leave the phone: the provider answers the site, or asks for what is still missing. */
export function goOnward(id) {
  window.location.assign(`/oauth/authorize/continue?authorization=${id}`);
}

/** A screen that only leads out, for whoever comes back to the phone from elsewhere. */
export function onward({ query }) {
  const id = requestIn(query);
  if (!id) return lapsed();
  goOnward(id);
  return { title: t("site_onward"), content: el("h1", {}, t("site_onward")) };
}

/** "Back to the site without signing in": the site is told so, and nothing about anybody. */
export function turnBackButton(id, siteName) {
  const problem = el("div");
  const back = button(t("site_turn_back", { site: siteName }), () => busy(back, problem, async () => {
    const { continue_url: next } = await call("POST", `/v1/auth/authorizations/${id}/refusal`, { body: {}, quiet: true });
    window.location.assign(next);
  }), { kind: "quiet wide" });
  return el("div", {}, problem, back);
}

/** "Not you?": this session ends, and somebody else signs in for the same request. */
export function notYouButton(id) {
  const problem = el("div");
  const leave = button(t("not_you"), () => busy(leave, problem, async () => {
    await call("POST", "/v1/auth/logout", { body: {}, quiet: true, outlivesPage: true });
    window.sessionStorage.clear();
    change({ me: null, unread: 0, newestMessageId: null });
    window.location.assign(pathOf("sign-in", id));
  }), { kind: "small quiet" });
  return el("div", {}, leave, problem);
}

/** What is shown when there is no such request any more. */
export function lapsed() {
  return {
    title: t("site_lapsed_title"),
    content: [el("h1", { class: "unseen" }, t("site_lapsed_title")),
      empty("clock", t("site_lapsed_title"), t("site_lapsed_detail"), buttonLink(t("to_bills"), "/app", { kind: "quiet" }))],
  };
}
