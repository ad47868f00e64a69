// Words that a bureau uses again and again: taken as a start, or kept for next time.
import { call } from "./api.js";
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { busy, button, choice, confirmed, field, notice } from "./parts.js";

/** `read()` answers {topic, content} to keep; `onChosen(content)` takes the words of a template. */
export function templateChoice({ read, onChosen, signal }) {
  const place = el("div");
  const problem = el("div");
  const name = field(t("template_name"), { maxlength: 80, autocomplete: "off" });
  let known = [];
  const draw = async () => {
    known = (await call("GET", "/v1/bureau/campaign-templates?limit=100", { signal })).items;
    fill(place, known.length ? pickFrom() : el("p", { class: "hint" }, t("templates_none")));
  };
  const pickFrom = () => {
    const picked = choice(t("template_label"), [["", t("template_none")], ...known.map((each) => [each.id, each.name])]);
    const use = button(t("template_use"), () => { const found = chosen(picked); if (found) onChosen(found.content); }, { kind: "small" });
    const drop = button(t("template_drop"), () => busy(drop, problem, async () => {
      const found = chosen(picked);
      if (!found || !await confirmed(t("template_drop_confirm", { name: found.name }), t("template_drop_detail"), t("template_drop"), { kind: "danger" })) return;
      await call("DELETE", `/v1/bureau/campaign-templates/${found.id}`, { version: found.version, signal });
      await draw();
    }), { kind: "small danger" });
    return el("div", { class: "form-row" }, picked.block, el("div", { class: "actions" }, use, drop));
  };
  const chosen = (picked) => known.find(({ id }) => id === picked.input.value);
  const keep = button(t("template_keep"), () => busy(keep, problem, async () => {
    const words = name.input.value.trim();
    name.setError(words ? "" : t("required"));
    if (!words) return;
    await call("POST", "/v1/bureau/campaign-templates", { body: { name: words, ...read() }, signal });
    name.input.value = "";
    await draw();
    fill(problem, notice("good", t("template_kept")));
  }), { kind: "small" });
  draw().catch((failure) => { if (failure.name !== "AbortError") fill(place, el("p", { class: "hint" }, t("templates_unread"))); });
  return el("details", { class: "templates" }, el("summary", {}, t("templates_title")), place,
    el("div", { class: "form-row" }, name.block, el("div", { class: "actions" }, keep)), problem);
}
