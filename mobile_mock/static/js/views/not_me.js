// "That was not me": what a security notice was about, and one button that shuts the door. Opened from the link in a text
// message (?token=…, nobody need be signed in) or from the inbox (?notice=…, of whoever is signed in).
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentElement } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, facts, heading, notice } from "../parts.js";

export async function notMe({ query, signal }) {
  const title = t("not_me_title");
  const way = wayOf(query);
  if (!way) return { title, content: [heading(title), notice("warn", t("not_me_no_link"), el("p", {}, t("not_me_no_link_detail")))] };
  const shown = await way.look(signal);
  const card = el("section", { class: "card" });
  if (shown.case_number) drawDone(card, shown.case_number, t("not_me_already"));
  else drawQuestion(card, shown, way);
  return { title, content: [heading(title), card] };
}

function wayOf(query) {
  const token = query.get("token");
  const id = query.get("notice");
  if (token) {
    return {
      look: (signal) => call("POST", "/v1/auth/disavowals/preview", { body: { token }, signal, quiet: true }),
      say: () => call("POST", "/v1/auth/disavowals", { body: { token }, quiet: true }),
    };
  }
  if (!id) return null;
  const address = `/v1/me/security-notices/${encodeURIComponent(id)}`;
  return {
    look: (signal) => call("GET", address, { signal }),
    say: () => call("POST", `${address}/disavowal`, { body: {} }),
  };
}

function drawQuestion(card, shown, way) {
  const problem = el("div");
  const press = button(t("not_me_press"), async () => {
    if (!(await confirmed(t("not_me_ask"), t("not_me_ask_detail"), t("not_me_press"), { dangerous: true }))) return;
    await busy(press, problem, async () => drawDone(card, (await way.say()).case_number, t("not_me_done")));
  }, { kind: "danger wide", iconName: "cross" });
  const fine = button(t("not_me_was"), () => {
    const words = el("p", {}, t("not_me_fine"));
    fill(card, words, buttonLink(t("to_bills"), "/app", { kind: "wide" }));
    focusOn(words);
  }, { kind: "quiet wide" });
  fill(card, el("h2", {}, shown.title),
    facts([[t("not_me_at"), momentElement(shown.at)], shown.device && [t("not_me_device"), shown.device], shown.place && [t("not_me_place"), shown.place]]),
    el("p", {}, t("not_me_shuts")),
    el("ul", { class: "what-follows" }, shown.shuts.length > 0 && el("li", {}, t("not_me_shuts_methods", { methods: shown.shuts.join(t("list_comma")) })),
      el("li", {}, t("not_me_ends")),
      shown.kind.startsWith("reset_") && el("li", {}, t("not_me_stops_reset")),
      el("li", {}, t("not_me_case"))),
    problem, press, fine);
}

function drawDone(card, caseNumber, title) {
  const head = el("h2", {}, title);
  fill(card, head, notice("good", t("not_me_done_detail", { n: caseNumber })), buttonLink(t("sign_in"), "/app/sign-in", { kind: "wide" }));
  focusOn(head);
  announce(title);
}
