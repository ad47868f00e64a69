"""A campaign's words about bills: how many, how much in all, and when the first of them is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from core.text import Text
from notify.campaigns import words
from notify.campaigns.ports import Bill
from notify.campaigns.words import Content
from notify.messages import day_text


def words_about(said: Content, bills: Sequence[Bill], today: date) -> dict[str, str]:
    """The words about these bills, at least one, in both languages, as they are read on that day."""
    first = min(bill.due_on for bill in bills)
    due = day_text(first.isoformat())
    found = {"link": said.link}
    for language, title, body in (("zh", said.title.zh, said.body.zh), ("en", said.title.en, said.body.en)):
        values = dict(said.fields) | _values(bills, first, due, language, today)
        found |= {f"title_{language}": words.filled(title, values), f"body_{language}": words.filled(body, values)}
    return found


def subject_of(bill: Bill) -> str:
    """The bill as subscriptions name it."""
    return f"bill:{bill.bill_id}"


def bill_named(subject: str) -> UUID:
    """The bill that a subject names."""
    return UUID(subject.removeprefix("bill:"))


def _values(bills: Sequence[Bill], first: date, due: Text, language: str, today: date) -> dict[str, str]:
    return {
        "count": str(len(bills)),
        "total": f"{sum(bill.amount_twd for bill in bills):,}",
        "due": due.in_language(language),
        "days": str((first - today).days),
    }
