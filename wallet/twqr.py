"""TWQR, the QR code that every bank's app in Taiwan reads: a bill's payload (type 03), written and read strictly.

    TWQRP://<service name>/158/03/V1?D1=60000&D4=20261105&D5=016&D6=0000900000000001&D7=68…&D8=…&D9=…&D10=901&…

| field | here | form |
|---|---|---|
| D1 | amount | whole NT$ and two zeros, at most 7 digits before them |
| D4 | last day to pay | YYYYMMDD |
| D5, D6 | bank code, account of the treasury | 3 digits, 16 digits with zeros on the left |
| D7 | the slip's number (銷帳編號) | 1 to 16 digits or letters |
| D8 | name of the service | 1 to 20 characters |
| D9 | memo, may be absent | 1 to 19 characters |
| D10 | currency | 901: TWD |
| D12 | when the code lapses, Taipei time | YYYYMMDDHHMMSS |
| D15 | fee, for display, absent without one | as D1 |

Fields stand in this order, values are UTF-8 with %-escapes. There is one way to write a bill, and reading takes no
other. Source: a public implementation's field list; the official document of the clearing house is not public. 158 is
Taiwan's number in ISO 3166-1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from urllib.parse import quote, unquote

import segno

from core import money
from core.clock import TAIPEI

SCHEME = "TWQRP://"
COUNTRY = "158"
BILL_PAYMENT = "03"
VERSION = "V1"
TWD = "901"
LONGEST_PAYLOAD = 1000
LONGEST_MEMO = 19
LONGEST_SERVICE_NAME = 20

_FIELDS = ("D1", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D12", "D15")
_OPTIONAL = frozenset({"D9", "D15"})
_BANK_CODE = re.compile(r"[0-9]{3}")
_ACCOUNT = re.compile(r"[0-9]{16}")
_NUMBER = re.compile(r"[0-9A-Z]{1,16}")
_DAY = re.compile(r"[0-9]{8}")
_MOMENT = re.compile(r"[0-9]{14}")


class TwqrWrong(ValueError):
    """This is not a TWQR bill, or not one that can be written."""


@dataclass(frozen=True, slots=True)
class TwqrBill:
    """A bill to be paid by whoever scans it. `expires_at` is aware, to the second; `account` has 16 digits."""

    amount_twd: int
    due_on: date
    bank_code: str
    account: str
    number: str
    service_name: str
    expires_at: datetime
    memo: str = ""
    fee_twd: int = 0

    def __post_init__(self) -> None:
        """Raises TwqrWrong."""
        for pattern, value in ((_BANK_CODE, self.bank_code), (_ACCOUNT, self.account), (_NUMBER, self.number)):
            if pattern.fullmatch(value) is None:
                raise TwqrWrong(f"{value!r} is not as TWQR writes it")
        _must_be_words(self.service_name, LONGEST_SERVICE_NAME)
        if self.memo:
            _must_be_words(self.memo, LONGEST_MEMO)
        if self.expires_at.tzinfo is None or self.expires_at.microsecond:
            raise TwqrWrong("a code lapses at a second of a known time zone")
        try:
            money.to_twqr(self.amount_twd)
            if self.fee_twd != 0:
                money.to_twqr(self.fee_twd)
        except money.MoneyNotConvertible as problem:
            raise TwqrWrong(str(problem)) from problem

    @property
    def payload(self) -> str:
        """The text inside the QR code."""
        values = {
            "D1": money.to_twqr(self.amount_twd),
            "D4": f"{self.due_on:%Y%m%d}".rjust(8, "0"),
            "D5": self.bank_code,
            "D6": self.account,
            "D7": self.number,
            "D8": self.service_name,
            "D9": self.memo,
            "D10": TWD,
            "D12": f"{self.expires_at.astimezone(TAIPEI):%Y%m%d%H%M%S}".rjust(14, "0"),
            "D15": money.to_twqr(self.fee_twd) if self.fee_twd else "",
        }
        query = "&".join(f"{name}={quote(values[name], safe='')}" for name in _FIELDS if values[name])
        return f"{SCHEME}{quote(self.service_name, safe='')}/{COUNTRY}/{BILL_PAYMENT}/{VERSION}?{query}"


def read(payload: str) -> TwqrBill:
    """The bill that a payload asks to be paid. Raises TwqrWrong for everything but the one way to write it."""
    if len(payload) > LONGEST_PAYLOAD or not payload.isascii():
        raise TwqrWrong("a payload is short, and ASCII")
    _, mark, query = payload.partition("?")
    try:
        values = dict(_pair(part) for part in query.split("&")) if mark else {}
        if set(_FIELDS) - _OPTIONAL - values.keys() or values.keys() - set(_FIELDS):
            raise TwqrWrong("a bill has D1, D4, D5, D6, D7, D8, D10 and D12, and may have D9 and D15")
        bill = TwqrBill(
            amount_twd=money.from_twqr(values["D1"]),
            due_on=_day(values["D4"]),
            bank_code=values["D5"],
            account=values["D6"],
            number=values["D7"],
            service_name=values["D8"],
            expires_at=_moment(values["D12"]),
            memo=values.get("D9", ""),
            fee_twd=money.from_twqr(values["D15"]) if "D15" in values else 0,
        )
    except ValueError as problem:
        raise TwqrWrong(str(problem)) from problem
    # Everything that was not looked at above: scheme, country, type, currency, order, escapes, repeated fields.
    if bill.payload != payload:
        raise TwqrWrong("not the one way in which TWQR writes this bill")
    return bill


def svg(payload: str, *, title: str) -> str:
    """The payload as a QR code, black on white with its quiet zone; `title` is what a screen reader says."""
    drawn = BytesIO()
    segno.make_qr(payload, error="m").save(
        drawn, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, nl=False, title=title, svgclass=None,
        lineclass=None, omitsize=True,
    )  # fmt: skip
    return drawn.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)


def _must_be_words(text: str, longest: int) -> None:
    if not 1 <= len(text) <= longest or not text.isprintable() or text != text.strip():
        raise TwqrWrong(f"words have 1 to {longest} printable characters")


def _pair(part: str) -> tuple[str, str]:
    name, mark, value = part.partition("=")
    if not mark or not value:
        raise TwqrWrong("a field has a name and a value")
    return name, unquote(value, errors="strict")


def _day(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise TwqrWrong("a day is eight digits")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _moment(text: str) -> datetime:
    if _MOMENT.fullmatch(text) is None:
        raise TwqrWrong("a moment is fourteen digits")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=TAIPEI)
