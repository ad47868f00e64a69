// Signing in on somebody else's page: LINE, Google, Apple, or the mobile ID. What comes of it, the address we come back to says.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";

const RETURNS = /^\/app(\/[A-Za-z0-9/_-]*)?(\?[A-Za-z0-9._~%=&:,+-]*)?$/;

export const line = wayThrough("line", "leave", "federation_social");
export const google = wayThrough("google", "leave", "federation_social");
export const apple = wayThrough("apple", "leave", "federation_social");
export const mobileId = wayThrough("mobile_id", "phone", "federation_mobile");

/** Go to a provider's page; `asked` are parameters of its start. Raises what `call` raises. */
export async function goTo(provider, asked, signal) {
  const query = new URLSearchParams(asked);
  const { authorize_url: address } = await call("GET", `/v1/auth/social/${provider}/start?${query}`, { signal });
  window.location.assign(address);
}

function wayThrough(provider, icon, wordsKey) {
  return { icon, draw: (around) => draw(around, provider, icon, wordsKey) };
}

/** In a step-up, where they were; after a sign-in, the page that goes on to where they were going. */
function returnTo(around) {
  if (!around.acr) return "/app/account-return?outcome=signed-in";
  return RETURNS.test(around.returnTo) ? around.returnTo : "/app";
}

function draw(around, provider, iconName, wordsKey) {
  const name = t(`provider_${provider}`);
  const problem = el("div");
  const press = button(t("federation_go", { name }), () => busy(press, problem, async () => {
    const { remember } = around.wants();
    await goTo(provider, {
      return_to: returnTo(around),
      ...(remember ? { remember: "1" } : {}),
      ...(around.acr ? { acr: around.acr } : {}),
    }, around.signal);
  }), { kind: "primary wide", iconName });
  fill(around.card,
    el("ul", { class: "ticks" }, [1, 2, 3].map((number) => el("li", {}, el("span", {}, t(`${wordsKey}_${number}`, { name }))))),
    problem, press);
}
