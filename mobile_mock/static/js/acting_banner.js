// The banner that says for whom this tab acts, on every screen, and the way back.
import { acting, stopActing } from "./acting.js";
import { call } from "./api.js";
import { announce, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { button } from "./parts.js";
import { go } from "./router.js";

/** {block, draw}: the banner, empty while one is about one's own. */
export function actingBanner() {
  const block = el("section", { class: "acting", hidden: true });
  const draw = () => {
    const other = acting();
    block.hidden = !other;
    block.setAttribute("aria-label", t("acting_label"));
    fill(block, other && [
      el("p", { class: "acting-words" }, icon("people"), el("span", {}, t("acting_for", { name: other.name }))),
      button(t("acting_stop"), leave, { kind: "small", iconName: "back" }),
    ]);
  };
  return { block, draw };
}

/** Back to one's own pages, whether or not the server can be told now: this tab asks for nothing more in that name. */
async function leave() {
  const { id } = acting();
  stopActing();
  announce(t("acting_stopped"));
  call("DELETE", `/v1/me/delegations/${encodeURIComponent(id)}/session`, { quiet: true }).catch(() => {});
  await go("/app/me/delegations");
}
