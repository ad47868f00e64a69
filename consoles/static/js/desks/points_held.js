// What waits for a look because a limit would be exceeded: uses at tills, and exchanges with partners.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { momentText, t } from "../language.js";
import { allFilled, busy, button, card, confirmed, facts, field, heading, moment, notice } from "../parts.js";
import { pointsText } from "../points_words.js";
import { redraw } from "../router.js";

export const desk = { path: "/desk/held", name: "pts_held", roles: ["points_officer"], screens: { "/desk/held": list } };

async function list({ signal }, { said } = {}) {
  const [redemptions, exchanges] = await Promise.all([
    call("GET", "/v1/points-desk/held?limit=50", { signal }), call("GET", "/v1/points-desk/exchanges?status=held&limit=50", { signal }),
  ]);
  const again = (words) => redraw(list, { signal }, words);
  const isCalm = redemptions.items.length + exchanges.items.length === 0;
  return {
    title: t("pts_held"),
    content: [heading(t("pts_held"), { intro: t("pts_held_intro") }), said && notice("good", said),
      isCalm && el("p", { class: "empty" }, t("pts_none_held")),
      redemptions.items.length > 0 && el("h2", {}, t("pts_held_tills", { n: redemptions.items.length })), redemptions.items.map((each) => redemption(each, again)),
      exchanges.items.length > 0 && el("h2", {}, t("pts_held_exchanges", { n: exchanges.items.length })), exchanges.items.map((each) => exchange(each, again)),
      (redemptions.next_cursor || exchanges.next_cursor) && el("p", { class: "hint" }, t("pts_more_held"))],
  };
}

function redemption(each, again) {
  const problem = el("div");
  const key = keyForEach();
  const act = (what, words) => busy(what.target, problem, async () => {
    const path = `/v1/points-desk/held/${each.id}/${words}`;
    await call("POST", path, { key: key(path) });
    await again(t(words === "release" ? "pts_released" : "pts_refused"));
  });
  const ask = (words) => confirmed(t(`pts_${words}_confirm`, { points: pointsText(each.points) }), t(`pts_${words}_text`), t(`pts_${words}`), { kind: words === "release" ? "primary" : "danger" });
  return card(`${each.shop} · ${pointsText(each.points)}`, facts([
    [t("pts_why"), each.explanation],
    [t("pts_presented"), t(`pts_by_${each.presented}`)],
    [t("pts_person"), el("span", { class: "mono" }, each.person_id)],
    [t("pts_since"), moment(each.created_at)],
    [t("pts_returns"), momentText(each.answer_by)],
  ]), problem, el("div", { class: "actions" },
    button(t("pts_release"), async (event) => { if (await ask("release")) act(event, "release"); }, { kind: "primary" }),
    button(t("pts_refusal"), async (event) => { if (await ask("refusal")) act(event, "refusal"); }, { kind: "danger" })));
}

function exchange(each, again) {
  const problem = el("div");
  const key = keyForEach();
  const path = `/v1/points-desk/exchanges/${each.id}`;
  const reason = field(t("pts_refusal_why"), { maxlength: 200, hint: t("pts_refusal_hint") });
  return card(`${t(`pts_direction_${each.direction}`)} ${each.partner} · ${pointsText(each.points)}`, facts([
    [t("pts_why"), each.reason_words || each.reason],
    [t("pts_value"), each.value],
    [t("pts_since"), moment(each.created_at)],
  ]), reason.block, problem, el("div", { class: "actions" },
    button(t("pts_release"), (event) => busy(event.target, problem, async () => {
      await call("POST", `${path}/release`, { key: key("release") });
      await again(t("pts_released"));
    }), { kind: "primary" }),
    button(t("pts_refusal"), (event) => allFilled(reason) && busy(event.target, problem, async () => {
      const body = { reason: reason.input.value.trim() };
      await call("POST", `${path}/refusal`, { body, key: key(body) });
      await again(t("pts_refused"));
    }), { kind: "danger" })));
}
