// Accounts elsewhere that sign me in: the list, and the question before one is linked.
import { Refusal, call } from "../api.js";
import { announce, el } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { goTo } from "../methods/federated.js";
import { busy, button, buttonLink, confirmed, facts, heading, notice } from "../parts.js";
import { go, show } from "../router.js";
import { keepReturn, state } from "../state.js";
import { bigSwitch } from "../switch.js";

const HERE = "/app/me/linked-accounts";

export async function linkedAccounts({ signal }) {
  const { items, can_link: canLink } = await call("GET", "/v1/me/linked-accounts", { signal });
  const title = t("linked_title");
  const reach = items.some((item) => item.provider === "line") ? await lineReach(signal) : null;
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("linked_intro")),
      items.length === 0 && notice("info", t("linked_none"), el("p", {}, t("linked_none_detail"))),
      el("ul", { class: "list", role: "list" }, items.map((item) => accountRow(item, item.provider === "line" ? reach : null))),
      el("div", { class: "actions column" }, canLink.map((provider) => linker(provider, signal)))],
  };
}

/** The switch by which LINE reaches me where no device does; null where this session may not see my devices. */
async function lineReach(signal) {
  let device;
  try {
    device = (await call("GET", "/v1/devices", { signal, quiet: true, mayAsk: false })).items.find((each) => each.kind === "line");
  } catch (failure) {
    if (failure instanceof Refusal) return null;
    throw failure;
  }
  return bigSwitch(t("line_reach"), Boolean(device), async (wanted) => {
    if (wanted) device = await call("POST", "/v1/devices", { body: { kind: "line" } });
    else await call("DELETE", `/v1/devices/${encodeURIComponent(device.id)}`);
    announce(t(wanted ? "line_reach_on" : "line_reach_off"));
  }, { hint: t("line_reach_hint") }).block;
}

function accountRow(item, reach) {
  const name = t(`provider_${item.provider}`);
  const problem = el("div");
  const remove = button(t("linked_remove"), () => busy(remove, problem, async () => {
    if (!(await confirmed(t("linked_remove_title", { name }), t("linked_remove_detail"), t("linked_remove"), { dangerous: true }))) return;
    await call("DELETE", `/v1/me/linked-accounts/${encodeURIComponent(item.id)}`);
    await show();
    announce(t("linked_removed"));
  }), { kind: "small quiet", iconName: "cross", "aria-label": `${t("linked_remove")} ${name} ${item.label}` });
  return el("li", { class: "card" }, el("h2", {}, name), item.label && el("p", {}, item.label),
    el("p", { class: "hint" }, t("account_linked_at", { when: momentText(item.linked_at) })),
    el("p", { class: "hint" }, item.last_used_at ? t("linked_used", { when: momentText(item.last_used_at) }) : t("linked_unused")),
    reach, problem, el("div", { class: "actions" }, remove));
}

/** The API asks for a sign-in of the last minutes first, in the dialog that opens by itself. */
function linker(provider, signal) {
  const problem = el("div");
  const add = button(t("linked_add", { name: t(`provider_${provider}`) }), () => busy(add, problem, () => goTo(provider, { link: "1", return_to: HERE }, signal)),
    { kind: "quiet wide", iconName: "plus" });
  return el("div", {}, problem, add);
}

/** An account that has just shown to be held in this browser: whose is it, and may it sign them in? */
export async function linkAccount({ signal }, { refreshMe }) {
  const waiting = await waitingAccount(signal);
  if (!waiting) return nothingWaits();
  if (!state.me) await refreshMe();
  const name = t(`provider_${waiting.provider}`);
  const title = t("link_title", { name });
  return { title, content: [heading(title), state.me ? question(waiting, name) : signInFirst(waiting, name)] };
}

async function waitingAccount(signal) {
  try {
    return await call("GET", "/v1/auth/social/pending-link", { signal, quiet: true });
  } catch (failure) {
    if (failure instanceof Refusal && failure.status === 404) return null;
    throw failure;
  }
}

function question(waiting, name) {
  const problem = el("div");
  const yes = button(t("link_yes"), () => busy(yes, problem, async () => {
    await call("POST", "/v1/me/linked-accounts", { body: { pending_link_id: waiting.id } });
    await go(HERE, { replace: true });
    announce(t("link_done", { name }));
  }), { kind: "primary wide", iconName: "check" });
  return el("section", { class: "card" },
    facts([[t("link_account"), `${name} ${waiting.label}`.trim()], [t("link_to"), el("span", { class: "mono" }, state.me.national_id)]]),
    el("p", {}, t("link_meaning", { name })), problem, yes, putOff(waiting.return_to));
}

function signInFirst(waiting, name) {
  const on = button(t("link_sign_in"), () => { keepReturn("/app/link-account"); go("/app/sign-in"); }, { kind: "primary wide" });
  return el("section", { class: "card" }, notice("info", t("link_unknown", { name }), el("p", {}, t("link_unknown_detail"))),
    facts([[t("link_account"), `${name} ${waiting.label}`.trim()]]), on, putOff("/app/sign-in"));
}

function putOff(onwards) {
  const problem = el("div");
  const no = button(t("link_no"), () => busy(no, problem, async () => {
    await call("DELETE", "/v1/auth/social/pending-link", { quiet: true });
    await go(onwards, { replace: true });
    announce(t("link_put_off"));
  }), { kind: "quiet wide" });
  return el("div", {}, problem, no);
}

function nothingWaits() {
  const title = t("link_gone");
  return { title, content: [heading(title), el("p", {}, t("link_gone_detail")), buttonLink(t("outcome_go_on"), "/app", { kind: "primary wide" })] };
}
