"""What a till reads off a slip: three segments of Code 39, or the payload of a TWQR code.

A store does its own checking, by the rule that its contract prints; nothing of it is shared with whoever made the slip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qs, urlsplit

from core.clock import TAIPEI
from partners.stores.files import CHANNELS, Channel

MOST_PER_ITEM_TWD = 5_000
TREASURY = ("016", "0000901790000001")


@dataclass(frozen=True, slots=True)
class Contract:
    """A collection code that the chains have agreed with the city. NT$ per bill."""

    fee_twd: int
    charge_twd: int


# What the payer bears at the counter, and what the channel keeps of the takings.
CONTRACTS: Mapping[str, Contract] = {"KHP": Contract(0, 4), "KHF": Contract(7, 7)}
TWQR_CHARGE_TWD = 3


@dataclass(frozen=True, slots=True)
class Scanned:
    """A slip that the till accepts. Money in NT$."""

    slip_number: str
    amount_twd: int
    fee_twd: int
    charge_twd: int


class NotTaken(Exception):
    """The till beeps: `code` for programs, `zh` and `en` for whoever stands before it."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def scan(channel: Channel, segments: tuple[str, str, str], payload: str, *, at: datetime) -> Scanned:
    """What the slip says, by whichever of the two was given. Raises NotTaken."""
    if payload:
        if channel is not CHANNELS["twqr"]:
            raise NotTaken("wrong_channel", "TWQR 由銀行 App 繳費", "TWQR is paid in a bank's app")
        return _scan_twqr(payload, at)
    if channel is CHANNELS["twqr"]:
        raise NotTaken("wrong_channel", "條碼由超商櫃檯收款", "Barcodes are taken at a store's counter")
    return _scan_barcode(segments, at)


_SEGMENTS = (re.compile(r"[0-9]{6}[0-9A-Z]{3}"), re.compile(r"[0-9A-Z]{16}"), re.compile(r"[0-9]{4}[0-9A-Z]{11}"))
_WEIGHTLESS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ+%-. $/", "123456789123456789234567891267890")
_FIRST_CHECK, _SECOND_CHECK = {0: "A", 10: "B"}, {0: "X", 10: "Y"}


def _scan_barcode(segments: tuple[str, str, str], at: datetime) -> Scanned:
    if not all(pattern.fullmatch(part) for pattern, part in zip(_SEGMENTS, segments, strict=True)):
        raise NotTaken("unreadable", "條碼讀不出來", "The barcode cannot be read")
    one, two, three = segments
    sums = [0, 0]
    for part in (one, two, three[:4] + three[6:]):
        for index, digit in enumerate(part.translate(_WEIGHTLESS)):
            sums[index % 2] += int(digit)
    odd, even = (total % 11 for total in sums)
    if three[4:6] != _FIRST_CHECK.get(odd, str(odd)) + _SECOND_CHECK.get(even, str(even)):
        raise NotTaken("check_wrong", "檢查碼不符", "The check characters do not fit")
    contract = CONTRACTS.get(one[6:])
    if contract is None:
        raise NotTaken("code_unknown", "沒有這個代收項目", "No such collection code")
    _must_be_in_time(one[:6], at)
    amount_twd = int(three[6:]) if three[6:].isdigit() else 0
    _must_be_allowed(amount_twd)
    return Scanned(two[:14], amount_twd, contract.fee_twd, contract.charge_twd)


def _scan_twqr(payload: str, at: datetime) -> Scanned:
    parts = urlsplit(payload)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items() if len(values) == 1}
    is_bill = parts.scheme == "twqrp" and parts.path == "/158/03/V1"
    amount, fee = fields.get("D1", ""), fields.get("D15", "000")
    is_money = all(re.fullmatch(r"[0-9]{1,7}00", text) for text in (amount, fee))
    if not is_bill or not is_money or not re.fullmatch(r"[0-9A-Z]{1,16}", fields.get("D7", "")):
        raise NotTaken("unreadable", "QR 碼讀不出來", "The QR code cannot be read")
    if (fields.get("D5"), fields.get("D6"), fields.get("D10")) != (*TREASURY, "901"):
        raise NotTaken("account_unknown", "收款帳戶不符", "Not the treasury's account")
    try:
        lapses_at = datetime.strptime(fields.get("D12", ""), "%Y%m%d%H%M%S").replace(tzinfo=TAIPEI)
    except ValueError:
        raise NotTaken("unreadable", "QR 碼讀不出來", "The QR code cannot be read") from None
    if lapses_at < at:
        raise NotTaken("too_late", "已過繳費期限", "The last day to pay has passed")
    _must_be_allowed(int(amount[:-2]))
    fee_twd = int(fee[:-2])
    return Scanned(fields["D7"], int(amount[:-2]), fee_twd, fee_twd or TWQR_CHARGE_TWD)


def _must_be_in_time(yymmdd: str, at: datetime) -> None:
    today = at.astimezone(TAIPEI).date()
    try:
        last_day = date(2011 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        raise NotTaken("unreadable", "條碼讀不出來", "The barcode cannot be read") from None
    if last_day < today:
        raise NotTaken("too_late", "已過繳費期限", "The last day to pay has passed")


def _must_be_allowed(amount_twd: int) -> None:
    if not 1 <= amount_twd <= MOST_PER_ITEM_TWD:
        raise NotTaken("amount", "單筆最多 5,000 元", "NT$5,000 per item at the most")
