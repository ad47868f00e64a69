// The messages of a bureau: what is written, waits for a second person, goes out, or has gone.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { momentText, t } from "../language.js";
import { officer } from "../officer.js";
import { field, filterLinks, growingList, heading } from "../parts.js";
import { stateMark } from "../campaign_state.js";
import { scheduleWords } from "../schedule_form.js";
import { one } from "./campaign.js";
import { compose } from "./campaign_draft.js";

const STATES = ["all", "draft", "submitted", "scheduled", "sending", "paused", "done", "recalled", "cancelled"];

export const desk = {
  path: "/desk/campaigns",
  name: "campaigns",
  roles: ["editor", "publisher"],
  screens: {
    "/desk/campaigns": list, "/desk/campaigns/new": compose, "/desk/campaigns/:id/edit": compose, "/desk/campaigns/:id": one,
  },
};

async function list({ query, signal }) {
  const state = STATES.includes(query.get("state")) ? query.get("state") : "all";
  const load = (cursor) => call("GET",
    `/v1/bureau/campaigns?limit=50${state === "all" ? "" : `&state=${state}`}${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  const place = el("div");
  const search = field(t("campaigns_search"), { type: "search", autocomplete: "off", hint: t("campaigns_search_hint") });
  const draw = () => {
    const words = search.input.value.trim().toLowerCase();
    const found = (page) => ({ ...page, items: page.items.filter((item) => !words || wordsOf(item).includes(words)) });
    const shown = found(first);
    fill(place, shown.items.length || shown.next_cursor ? growingList(shown, async (cursor) => found(await load(cursor)), row) : nothing(state, words));
  };
  search.input.addEventListener("input", draw);
  draw();
  return {
    title: t("campaigns_title"),
    content: [
      el("div", { class: "with-button" }, heading(t("campaigns_title"), { intro: t("campaigns_intro") }),
        el("a", { class: "button primary", href: "/desk/campaigns/new" }, t("campaign_new"))),
      filterLinks(STATES.map((each) => [`/desk/campaigns?state=${each}`, t(`state_${each}`), each === state])),
      first.items.length > 5 && el("div", { class: "below" }, search.block), place,
    ],
  };
}

function wordsOf(item) {
  const { zh, en } = item.content;
  return [item.name, zh.title, en.title, zh.body, en.body, item.topic_name, item.topic].join(" ").toLowerCase();
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: item.state === "draft" ? `/desk/campaigns/${item.id}/edit` : `/desk/campaigns/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, item.name),
      el("span", {}, item.content.zh.title),
      el("span", { class: "hint" }, `${item.topic_name} · ${scheduleWords(item.schedule)} · ${momentText(item.updated_at)}`)),
    isMyTurn(item) && el("span", { class: "mark bad" }, t("my_turn")), stateMark(item.state)));
}

/** Whether this officer is one who may decide it. */
function isMyTurn(item) {
  const me = officer().staff_number;
  return item.state === "submitted" && officer().roles.includes("publisher")
    && ![item.written_by, item.submitted_by].some((who) => who?.staff_number === me);
}

function nothing(state, words) {
  if (words) return el("p", { class: "empty" }, t("campaigns_none_found", { words }));
  if (state !== "all") return el("p", { class: "empty" }, t("campaigns_none_so"));
  return el("div", { class: "empty" }, el("p", {}, t("campaigns_none")), el("p", {}, t("campaigns_none_how")),
    el("p", {}, el("a", { class: "button primary", href: "/desk/campaigns/new" }, t("campaign_new"))));
}
