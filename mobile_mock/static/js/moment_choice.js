// A day and a time to choose without typing: the next days as buttons, the hour and the minutes as two short lists, and the
// whole of it in words below, which is also what is read aloud.
import { announce, el, fill } from "./dom.js";
import { t } from "./language.js";
import { field, fieldError, freshId } from "./parts.js";
import { momentOf, rideClock, rideDay, taipeiDay, whenText } from "./ride_times.js";
import { selectField } from "./select_field.js";

const DAYS_AS_BUTTONS = 7;
const FIRST_HOUR = 5;
const LAST_HOUR = 23;
const MINUTES = ["00", "10", "15", "20", "30", "40", "45", "50"];

/**
 * {block, value(), set(date, clock), setError(text), focus()}. `legend` says what the time is of; `value()` is a moment as the
 * API takes it. `quick`: times of day offered as buttons.
 */
export function momentChoice(legend, { date = taipeiDay(1), clock = "09:00", quick = [], onChange = () => {} } = {}) {
  const name = freshId("day");
  const chosen = { date, clock };
  const days = Array.from({ length: DAYS_AS_BUTTONS }, (_, later) => taipeiDay(later));
  const dayButtons = days.map((day) => el("label", { class: "choice small" },
    el("input", { type: "radio", class: "radio", name, value: day, on: { change: () => choose({ date: day }) } }), el("span", { class: "capital" }, rideDay(day))));
  const other = field(t("ride_other_day"), { type: "date", min: taipeiDay(0), value: date });
  other.input.addEventListener("change", () => { if (other.input.value) choose({ date: other.input.value }); });
  const otherDays = el("details", {}, el("summary", {}, t("ride_other_day_open")), other.block);
  const hours = Array.from({ length: LAST_HOUR - FIRST_HOUR + 1 }, (_, place) => String(place + FIRST_HOUR).padStart(2, "0"));
  const hour = selectField(t("ride_hour"), hours.map((each) => [each, rideClock(`${each}:00`).replace(":00", t("ride_oclock"))]));
  const minute = selectField(t("ride_minute"), MINUTES.map((each) => [each, t("ride_minutes_of_hour", { n: each })]));
  hour.input.addEventListener("change", () => choose({ clock: `${hour.input.value}:${chosen.clock.slice(3)}` }));
  minute.input.addEventListener("change", () => choose({ clock: `${chosen.clock.slice(0, 2)}:${minute.input.value}` }));
  const quickTimes = quick.length > 0 && el("div", { class: "quick-times", role: "group", "aria-label": t("ride_quick_times") },
    quick.map((each) => el("button", { type: "button", class: "button small", on: { click: () => choose({ clock: each }) } }, rideClock(each))));
  const said = el("p", { class: "chosen-moment" });
  const error = fieldError();

  const show = () => {
    for (const [place, label] of dayButtons.entries()) label.querySelector("input").checked = days[place] === chosen.date;
    if (!days.includes(chosen.date)) otherDays.open = true;
    other.input.value = chosen.date;
    if (![...minute.input.options].some(({ value }) => value === chosen.clock.slice(3))) {
      minute.input.append(el("option", { value: chosen.clock.slice(3) }, t("ride_minutes_of_hour", { n: chosen.clock.slice(3) })));
    }
    if (![...hour.input.options].some(({ value }) => value === chosen.clock.slice(0, 2))) {
      hour.input.append(el("option", { value: chosen.clock.slice(0, 2) }, rideClock(`${chosen.clock.slice(0, 2)}:00`)));
    }
    hour.input.value = chosen.clock.slice(0, 2);
    minute.input.value = chosen.clock.slice(3);
    fill(said, whenText(momentOf(chosen.date, chosen.clock)));
  };
  const choose = (change) => {
    Object.assign(chosen, change);
    error.say("");
    show();
    announce(said.textContent);
    onChange();
  };
  show();
  const block = el("fieldset", { class: "moment-choice", "aria-describedby": error.id }, el("legend", {}, legend),
    el("div", { class: "choices in-line" }, dayButtons), otherDays, el("div", { class: "clock-fields" }, hour.block, minute.block), quickTimes, said, error.element);
  return {
    block,
    value: () => momentOf(chosen.date, chosen.clock),
    set: (newDate, newClock) => { Object.assign(chosen, { date: newDate, clock: newClock }); show(); },
    setError: error.say,
    focus: () => (dayButtons.map((label) => label.querySelector("input")).find(({ checked }) => checked) || other.input).focus(),
  };
}
