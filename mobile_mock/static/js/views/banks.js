// Bank accounts that may be debited: link one at the bank's own page, see its limits, end it.
import { Refusal, call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText, money } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, empty, facts, heading, mark, notice } from "../parts.js";
import { go } from "../router.js";
import { keepReturn, takeReturn } from "../state.js";

/** Leave for the bank's page; afterwards the person is brought back to `returnTo`. */
export async function linkBank(returnTo) {
  const link = await call("POST", "/v1/bank-links", { body: {} });
  const address = new URL(link.authorize_url);
  if (!["https:", "http:"].includes(address.protocol)) throw new TypeError("not a web address");
  keepReturn(returnTo);
  window.location.assign(address.href);
}

export async function banks({ signal }) {
  const { items } = await call("GET", "/v1/bank-links", { signal });
  const shown = items.filter((item) => item.status !== "pending");
  const problem = el("div");
  const add = button(t("link_bank"), () => busy(add, problem, () => linkBank("/app/me/banks")), { kind: "primary wide", iconName: "plus" });
  const title = t("banks_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("banks_detail")),
      shown.length === 0 && empty("bank", t("no_banks_title"), t("no_banks_detail")),
      el("ul", { class: "list", role: "list" }, shown.map(bankRow)), problem, add],
  };
}

function bankRow(item) {
  const problem = el("div");
  const row = el("li", { class: "card bank" });
  const drawRow = (current) => {
    const isActive = current.status === "active";
    const end = button(t("end_link"), async () => {
      if (!(await confirmed(t("end_link_ask"), t("end_link_detail", { account: current.account }), t("end_link"), { dangerous: true }))) return;
      busy(end, problem, async () => {
        await call("DELETE", `/v1/bank-links/${current.id}`);
        announce(t("link_ended"));
        drawRow({ ...current, status: "revoked" });
      });
    }, { kind: "small quiet", "aria-label": t("end_link_of", { account: current.account }) });
    fill(row, el("h2", {}, icon("bank"), t("bank_of_kaohsiung"), " ", el("span", { class: "mono" }, current.account)),
      mark(isActive ? "good" : "calm", t(`bank_${current.status}`), isActive ? "check" : "cross"),
      facts([[t("limit_per_payment"), money(current.per_payment_limit)], [t("limit_per_day"), money(current.daily_limit)],
        [t("linked_at"), momentText(current.created_at)]], "sum"), problem, isActive && end);
  };
  drawRow(item);
  return row;
}

/** The bank has sent the person back: finish the link, or say in plain words why there is none. */
export async function bankReturn({ query }) {
  const title = t("bank_return_title");
  const onward = takeReturn() || "/app/me/banks";
  const state = query.get("state") || "";
  const again = buttonLink(t("back_on"), onward, { kind: "primary wide" });
  const address = `/v1/bank-links/${encodeURIComponent(state.split(".")[0])}/completion`;
  if (query.get("error") || !query.get("code")) {
    await call("POST", address, { body: { state, error: query.get("error") || "no_code" } }).catch(() => {});
    return { title, content: [heading(t("bank_declined")), notice("warn", t("bank_declined"), el("p", {}, t("bank_declined_detail"))), again] };
  }
  try {
    const link = await call("POST", address, { body: { state, code: query.get("code") } });
    announce(t("bank_linked", { account: link.account }));
    go(onward, { replace: true });
    return null;
  } catch (failure) {
    if (!(failure instanceof Refusal)) {
      keepReturn(onward);
      throw failure;
    }
    return { title, content: [heading(t("bank_declined")), notice("bad", failure.title, failure.detail && el("p", {}, failure.detail)), again] };
  }
}
