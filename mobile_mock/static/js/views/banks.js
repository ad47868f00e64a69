// Bank accounts that may be debited: what each allows, its name, which comes first, pausing, ending.
import { Refusal, call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText, money } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, empty, facts, field, heading, mark } from "../parts.js";
import { show } from "../router.js";
import { linkBank } from "./link_bank.js";

const MARKS = { active: ["good", "check"], pending: ["info", "wait"], paused: ["warn", "pause"], revoked: ["calm", "cross"], refused: ["calm", "cross"] };
const HERE = "/app/me/banks";

export async function banks({ signal }) {
  const { items } = await call("GET", "/v1/bank-links", { signal });
  const shown = items.filter((item) => item.account);
  const standing = shown.filter((item) => ["active", "paused", "pending"].includes(item.status));
  standing.sort((one, other) => Number(other.is_preferred) - Number(one.is_preferred));
  const ended = shown.filter((item) => !standing.includes(item));
  const problem = el("div");
  const add = button(t("link_bank"), () => busy(add, problem, () => linkBank({}, HERE)), { kind: "primary wide", iconName: "plus" });
  const title = t("banks_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("banks_detail")),
      standing.length === 0 && empty("bank", t("no_banks_title"), t("no_banks_detail")),
      el("ul", { class: "list", role: "list" }, standing.map((item) => bankRow(item, standing.length > 1))), problem,
      el("div", { class: "actions column" }, add, buttonLink(t("link_other_bank"), `${HERE}/link`, { kind: "quiet wide", iconName: "plus" })),
      ended.length > 0 && el("details", { class: "ended-links" }, el("summary", {}, t("banks_ended", { n: ended.length })),
        el("ul", { class: "list", role: "list" }, ended.map((item) => bankRow(item, false))))],
  };
}

function bankRow(item, hasOthers) {
  const problem = el("div");
  const row = el("li", { class: "card bank" });
  const drawRow = (current) => {
    const changes = { current, problem, drawRow };
    const [tone, iconName] = MARKS[current.status];
    const isUsed = current.status === "active" || current.status === "paused";
    fill(row, el("h2", {}, icon("bank"), current.name || current.bank_name, " ", el("span", { class: "mono" }, current.account)),
      el("p", { class: "marks" }, mark(tone, t(`bank_${current.status}`), iconName), current.is_preferred && hasOthers && mark("info", t("bank_preferred"), "points")),
      current.status === "pending" && el("p", { class: "hint" }, t("bank_later_detail")),
      facts([
        current.name && [t("bank"), current.bank_name],
        current.per_payment_limit !== null && [t("limit_per_payment"), money(current.per_payment_limit)],
        current.daily_limit !== null && [t("limit_per_day"), money(current.daily_limit)],
        current.monthly_limit !== null && [t("limit_per_month"), money(current.monthly_limit)],
        isUsed && current.left_today !== null && [t("left_today"), money(current.left_today)],
        [t("linked_at"), momentText(current.created_at)],
      ], "sum"),
      problem,
      isUsed && el("div", { class: "actions" },
        current.status === "active" ? changer(changes, "pause_link", { status: "paused" }, "link_paused") : changer(changes, "resume_link", { status: "active" }, "link_resumed"),
        hasOthers && !current.is_preferred && current.status === "active" && changer(changes, "prefer_link", { is_preferred: true }, "link_preferred", { isListChanged: true }),
        ender(changes)),
      isUsed && nameChanger(changes));
  };
  drawRow(item);
  return row;
}

/** One press, one change; made on the state that was looked at. When somebody else changed it, the new state is shown. */
function changer(changes, key, change, said, { isListChanged = false } = {}) {
  const { current, problem } = changes;
  const press = button(t(key), () => busy(press, problem, async () => {
    await patch(changes, change);
    announce(t(said));
    if (isListChanged) await show();
  }), { kind: "small quiet", "aria-label": t("of_account", { what: t(key), account: current.account }) });
  return press;
}

async function patch({ current, problem, drawRow }, change) {
  const address = `/v1/bank-links/${current.id}`;
  try {
    drawRow(await call("PATCH", address, { body: change, version: current.version }));
  } catch (failure) {
    if (!(failure instanceof Refusal && failure.status === 412)) throw failure;
    drawRow(await call("GET", address));
    fill(problem, el("p", { class: "hint" }, t("changed_meanwhile")));
  }
}

function nameChanger(changes) {
  const { current } = changes;
  const problem = el("div");
  const name = field(t("link_name"), { hint: t("link_name_hint"), maxlength: "40", autocomplete: "off", value: current.name || "" });
  const save = button(t("save"), null, { kind: "small", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const wanted = name.input.value.trim();
    name.setError(wanted ? "" : t("link_name_missing"));
    if (!wanted) return name.input.focus();
    return busy(save, problem, async () => {
      await patch(changes, { name: wanted });
      announce(t("link_named", { name: wanted }));
    });
  };
  return el("details", { class: "rename" }, el("summary", {}, t("rename_link")),
    el("form", { class: "form", novalidate: true, on: { submit } }, name.block, problem, save));
}

function ender({ current, problem, drawRow }) {
  const end = button(t("end_link"), async () => {
    if (!(await confirmed(t("end_link_ask"), t("end_link_detail", { account: current.account }), t("end_link"), { dangerous: true }))) return;
    busy(end, problem, async () => {
      await call("DELETE", `/v1/bank-links/${current.id}`);
      announce(t("link_ended"));
      drawRow({ ...current, status: "revoked" });
    });
  }, { kind: "small quiet", "aria-label": t("of_account", { what: t("end_link"), account: current.account }) });
  return end;
}
