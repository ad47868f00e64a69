// For the auditor: how many people each officer looked up at the counter, refused look-ups too.
import { call } from "../api.js";
import { el } from "../dom.js";
import { t } from "../language.js";
import { dayOf, heading, table } from "../parts.js";

export const desk = {
  path: "/desk/lookups", name: "lookups", roles: ["auditor"],
  screens: { "/desk/lookups": all },
};

async function all({ signal }) {
  const { items } = await call("GET", "/v1/counter/lookups", { signal });
  const count = (key) => ({ name: t(key), of: (row) => row[key], isNumber: true });
  const columns = [
    { name: t("officer_name"), of: (row) => [`${row.officer} `, el("span", { class: "hint" }, `${row.staff_number} ${row.bureau_name}`), row.is_unusual && el("span", { class: "mark bad" }, t("unusual"))] },
    { name: t("day"), of: (row) => dayOf(row.day) },
    count("found"), count("nobody"), count("own_record"), count("too_many"), count("most_in_an_hour"),
  ];
  return {
    title: t("lookups"),
    content: [heading(t("lookups"), { intro: t("lookups_intro") }),
      items.length ? table(t("lookups"), columns, items) : el("p", { class: "empty" }, t("lookups_none"))],
  };
}
