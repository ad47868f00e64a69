"""Terms as officers write them and as a proposal carries them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from core.errors import FieldError
from core.text import Text
from points.campaigns import Terms
from points.earning import rules
from points.earning.errors import CampaignTermsWrong
from points.earning.kinds import KINDS, PAYMENT_CAPTURED, Kind

_YEARS = range(2020, 2101)


def terms_of(code: str, sent: Mapping[str, Any]) -> Terms:
    """The terms that a checked body says. Raises CampaignTermsWrong, naming every member that cannot be."""
    errors = _errors(sent)
    if errors:
        raise CampaignTermsWrong(errors=errors)
    return _terms(code, sent)


def as_json(terms: Terms) -> dict[str, Any]:
    """The terms as they are sent and proposed; `from_json` is the other way round."""
    return {
        "code": terms.code,
        "name": {"zh": terms.name.zh, "en": terms.name.en},
        "bureau": terms.bureau,
        "event_kind": terms.event_kind,
        "rail": terms.rail,
        "points_per_event": terms.points_per_payment,
        "points_per_step": terms.points_per_step,
        "step": terms.step_twd,
        "points_per_person_and_day": terms.points_per_person_and_day,
        "points_per_person": terms.points_per_person,
        "times_per_person": terms.times_per_person,
        "week_days": list(terms.week_days),
        "lifetime_months": terms.lifetime_months,
        "valid_from": terms.valid_from.isoformat(),
        "valid_until": terms.valid_until.isoformat(),
        "conditions": rules.conditions_as_json(terms.conditions),
        "windows": rules.windows_as_json(terms.windows),
    }


def from_json(written: Mapping[str, Any]) -> Terms:
    """The terms that `as_json` wrote."""
    moments = {name: datetime.fromisoformat(written[name]) for name in ("valid_from", "valid_until")}
    return _terms(written["code"], {**written, **moments})


def _terms(code: str, sent: Mapping[str, Any]) -> Terms:
    return Terms(
        code=code,
        name=Text(sent["name"]["zh"], sent["name"]["en"]),
        bureau=sent["bureau"],
        rail=sent["rail"],
        points_per_payment=sent["points_per_event"],
        points_per_step=sent["points_per_step"],
        step_twd=sent["step"],
        points_per_person_and_day=sent["points_per_person_and_day"],
        lifetime_months=sent["lifetime_months"],
        valid_from=sent["valid_from"],
        valid_until=sent["valid_until"],
        event_kind=sent["event_kind"],
        conditions=rules.conditions_from(sent["conditions"]),
        windows=rules.windows_from([{**each, **_as_text(each)} for each in sent["windows"]]),
        week_days=tuple(sorted(set(sent["week_days"]))),
        points_per_person=sent["points_per_person"],
        times_per_person=sent["times_per_person"],
    )


def _as_text(window: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: window[name] for name in ("from_day", "until_day")}
    return {name: day.isoformat() if isinstance(day, date) else day for name, day in days.items()}


def _errors(sent: Mapping[str, Any]) -> list[FieldError]:
    kind = KINDS[sent["event_kind"]]
    years = (sent["valid_from"].year in _YEARS, sent["valid_until"].year in _YEARS)
    found = [
        (not years[0], "/valid_from", "a year from 2020 to 2100"),
        (not years[1], "/valid_until", "a year from 2020 to 2100"),
        (all(years) and sent["valid_from"] >= sent["valid_until"], "/valid_until", "must be after valid_from"),
        (sent["points_per_event"] + sent["points_per_step"] == 0, "/points_per_event", "it would earn nothing"),
        (sent["points_per_step"] > 0 and kind.measure is None, "/points_per_step", "this event measures nothing"),
        (sent["rail"] is not None and sent["event_kind"] != PAYMENT_CAPTURED, "/rail", "only a payment has a rail"),
        (
            bool(sent["week_days"]) and (sent["event_kind"] == PAYMENT_CAPTURED or sent["points_per_step"] > 0),
            "/week_days",
            "whole weeks are for deeds, and earn the same each week",
        ),
    ]
    wrong = [FieldError(pointer, why) for is_wrong, pointer, why in found if is_wrong]
    for place, condition in enumerate(sent["conditions"]):
        why = _wrong_condition(kind, condition)
        wrong += [FieldError(f"/conditions/{place}", why)] if why else []
    for place, window in enumerate(sent["windows"]):
        why = _wrong_window(window)
        wrong += [FieldError(f"/windows/{place}", why)] if why else []
    return wrong


def _wrong_condition(kind: Kind, condition: Mapping[str, Any]) -> str | None:
    asked = [name for name in ("equal", "of", "least") if condition[name] is not None]
    expected = kind.facts.get(condition["fact"])
    if expected is None:
        return "the event carries " + (", ".join(sorted(kind.facts)) or "no facts")
    fitting = {"flag": "equal", "number": "least"}.get(expected, "of")
    return None if asked == [fitting] else f"of this fact ask `{fitting}`, and nothing else"


def _wrong_window(window: Mapping[str, Any]) -> str | None:
    if window["until_time"] == window["from_time"]:
        return "until_time must differ from from_time (null: midnight; an earlier one: on the next day)"
    if window["from_day"] and window["until_day"] and window["from_day"] > window["until_day"]:
        return "until_day must not be before from_day"
    return None
