"""The switches: which partner misbehaves, at which operation, how, how often and for whom."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from partners.desk.books import Books

SCHEMA = """
CREATE TABLE IF NOT EXISTS switchboard (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""

ANY = "*"


@dataclass(frozen=True, slots=True)
class ModeFacts:
    """What a mode does, in words, and which numbers it takes with which defaults."""

    zh: str
    en: str
    params: Mapping[str, float] = field(default_factory=dict)
    only: frozenset[tuple[str, str]] = frozenset()


_WALLET_OPERATIONS = (
    "reservation",
    "payment_lookup",
    "confirmation",
    "refund",
    "refund_lookup",
    "settlement_files",
    "settlement_file",
)

# Every operation that can be told to misbehave. A test holds this table to what the sandboxes really serve.
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "bank": (
        "mandate_request",
        "mandate",
        "mandate_lookup",
        "mandate_revocation",
        "debit",
        "debit_lookup",
        "refund",
        "refund_lookup",
        "credit_order",
        "credit_order_lookup",
        "statement",
    ),
    "bureaus": ("notice", "payment_notice", "ownership", "instalment_request", "instalment_decision"),
    "sms": ("message", "number_verification"),
    "ach": (
        "authorisation_request",
        "authorisation",
        "authorisation_lookup",
        "authorisation_end",
        "debit",
        "debit_lookup",
        "credit",
        "credit_lookup",
        "return_files",
        "return_file",
        "closed_days",
    ),
    "jkopay": _WALLET_OPERATIONS,
    "line_pay": _WALLET_OPERATIONS,
    "fcm": ("token", "send"),
    "adyen": (
        "session",
        "session_result",
        "payment",
        "payment_details",
        "capture",
        "refund",
        "cancel",
        "technical_cancel",
        "stored_cards",
        "stored_card_deletion",
        "report",
        "notice",
    ),
    "stores": ("closing", "file_list", "file"),
}

_HOLD = {"seconds": 30.0}
_SIGNERS = ("bank", "bureaus", "sms", "ach", "jkopay", "line_pay")
_SIGNED = frozenset((name, each) for name in _SIGNERS for each in OPERATIONS[name]) | {
    ("stores", "file_list"),
    ("stores", "file"),
}
_BANK_ACTS = frozenset(("bank", each) for each in ("debit", "refund", "credit_order", "mandate_revocation"))
_DEBIT = frozenset({("bank", "debit")})
_ACH_DEBIT = frozenset({("ach", "debit")})
_WALLETS = ("jkopay", "line_pay")
_RESERVATION = frozenset((wallet, "reservation") for wallet in _WALLETS)
_CONFIRMATION = frozenset((wallet, "confirmation") for wallet in _WALLETS)
_SETTLEMENT = frozenset((wallet, "settlement_file") for wallet in _WALLETS)
_FILES = _SETTLEMENT | {("ach", "return_file")}
_BANK_ORDERS = frozenset(("bank", each) for each in ("debit", "refund", "credit_order"))
_STATEMENT = frozenset({("bank", "statement")})
_NTH = {"nth": 1.0}
_SEND = frozenset({("fcm", "send")})
_CARD_PAYMENT = frozenset({("adyen", "payment"), ("adyen", "payment_details")})
_CARD_CAPTURE = _CARD_PAYMENT | {("adyen", "capture")}
_CARD_REFUND = frozenset({("adyen", "refund")})
_CARD_NOTICE = frozenset({("adyen", "notice")})
_TELLING = _BANK_ACTS | _CARD_NOTICE
_CLOSING = frozenset({("stores", "closing")})
_FILE = frozenset({("stores", "file")})

MODES: Mapping[str, ModeFacts] = {
    "slow": ModeFacts("慢", "answers after `seconds`", {"seconds": 2.0}),
    "error_500": ModeFacts("錯誤 500，未處理", "does nothing and answers 500"),
    "error_500_after": ModeFacts("已處理，卻回 500", "acts, then answers 500"),
    "timeout_before": ModeFacts("不處理、不回應", "does nothing and never answers: after `seconds` it hangs up", _HOLD),
    "timeout_after": ModeFacts("已處理、不回應", "acts and never answers: after `seconds` it hangs up", _HOLD),
    "bad_signature": ModeFacts("已處理，簽章錯誤", "acts, and signs its answer with a wrong key", {}, _SIGNED),
    "maintenance": ModeFacts("暫停服務", "does nothing and answers 503 with Retry-After `seconds`", {"seconds": 30.0}),
    "duplicate_webhook": ModeFacts("通知重複", "sends the webhook `n` times", {"n": 2}, _TELLING),
    "reorder_webhook": ModeFacts(
        "通知晚到", "holds the webhook for `delay` seconds, later ones overtake", {"delay": 3.0}, _TELLING
    ),
    "drop_webhook": ModeFacts("通知遺失", "never sends the webhook", {}, _TELLING),
    "insufficient_funds": ModeFacts("餘額不足", "rejects the debit: insufficient_funds", {}, _DEBIT | _RESERVATION),
    "mandate_revoked": ModeFacts("授權已撤銷", "rejects the debit: mandate_revoked", {}, _DEBIT),
    "account_closed": ModeFacts("帳戶已結清", "rejects the order: account_closed", {}, _BANK_ORDERS),
    "missing_entry": ModeFacts("對帳單缺一筆", "leaves entry `nth` out of the statement", _NTH, _STATEMENT),
    "extra_entry": ModeFacts(
        "對帳單多一筆", "adds a credit of `amount` from nobody known", {"amount": 777}, _STATEMENT
    ),
    "one_dollar_off": ModeFacts("金額差一元", "states entry `nth` with NT$1 more", _NTH, _STATEMENT),
    "wrong_date": ModeFacts("日期差一天", "dates entry `nth` a day earlier", _NTH, _STATEMENT),
    "batched_entries": ModeFacts("合併入帳", "books up to `size` debits as one entry", {"size": 100}, _STATEMENT),
    "wrong_totals": ModeFacts(
        "合計不符", "states a balance or totals that the entries do not lead to", {}, _STATEMENT | _FILES
    ),
    "missing_file": ModeFacts(
        "檔案未到", "has no file of this day yet; does not list the first one", {}, _FILES | {("ach", "return_files")}
    ),
    "duplicate_file": ModeFacts("檔案重複", "sends the file of the day before again", {}, _FILES),
    "returned": ModeFacts("扣款遭退", "returns the debit in its window with reason `code`", {"code": 1}, _ACH_DEBIT),
    "returned_late": ModeFacts(
        "扣款逾期遭退", "pays, and returns it `days` business days after its window", {"code": 1, "days": 2}, _ACH_DEBIT
    ),
    "answers_tomorrow": ModeFacts(
        "隔日回覆授權",
        "the payer's bank answers the authorisation on its next business day",
        {},
        frozenset({("ach", "authorisation_request")}),
    ),
    "expires_soon": ModeFacts("預約很快失效", "reserves for `seconds` only", {"seconds": 1.0}, _RESERVATION),
    "books_more": ModeFacts("多扣款", "books NT$`twd` more than was agreed", {"twd": 100}, _CONFIRMATION),
    "duplicate_statement": ModeFacts(
        "對帳單重複", "sends the statement as a second message, marked a duplicate", {}, _STATEMENT
    ),
    "truncated_xml": ModeFacts(
        "對帳單不完整", "ends the document after `share` of its bytes", {"share": 0.6}, _STATEMENT
    ),
    "late": ModeFacts("通知遲到多日", "says that it happened `days` ago", {"days": 30.0}, _CARD_NOTICE),
    "bad_hmac": ModeFacts("通知簽章錯誤", "signs the notice with a wrong key", {}, _CARD_NOTICE),
    "wrong_currency": ModeFacts("幣別不符", "says euros instead of TWD", {}, _CARD_NOTICE),
    "hundredth": ModeFacts("金額差百倍", "says a hundredth of the amount", {}, _CARD_NOTICE | {("adyen", "payment")}),
    "refuse_card": ModeFacts("發卡行拒絕", "refuses the card", {}, _CARD_PAYMENT),
    "challenge": ModeFacts("要求 3-D 驗證", "sends the payer to the card's bank first", {}, _CARD_PAYMENT),
    "capture_failed": ModeFacts("請款失敗", "authorises, and fails to capture a second later", {}, _CARD_CAPTURE),
    "refund_failed": ModeFacts("退款失敗", "accepts the refund, and fails it a second later", {}, _CARD_REFUND),
    "refund_reversed": ModeFacts("退款遭退回", "refunds, and has it bounce a second later", {}, _CARD_REFUND),
    "unregistered": ModeFacts("裝置已移除", "answers 404 UNREGISTERED", {}, _SEND),
    "quota": ModeFacts("超過用量", "answers 429 QUOTA_EXCEEDED with Retry-After `seconds`", {"seconds": 60.0}, _SEND),
    "sender_mismatch": ModeFacts("寄件者不符", "answers 403 SENDER_ID_MISMATCH", {}, _SEND),
    "invalid_argument": ModeFacts("內容不合", "answers 400 INVALID_ARGUMENT", {}, _SEND),
    "duplicate_line": ModeFacts(
        "檔案明細重複", "puts the first payment into the file twice", {}, _CLOSING | _SETTLEMENT
    ),
    "missing_line": ModeFacts("檔案明細遺漏", "leaves the first payment out of the file", {}, _CLOSING | _SETTLEMENT),
    "dollar_off": ModeFacts("金額差一元", "reports the first payment with a dollar more", {}, _CLOSING),
    "late_file": ModeFacts("檔案晚到", "puts the file out `days` late", {"days": 1.0}, _CLOSING),
    "file_twice": ModeFacts("檔案送兩次", "puts the same file out again under another name", {}, _CLOSING),
    "truncated_file": ModeFacts("檔案中斷", "sends two thirds of the file", {}, _FILE | _FILES),
    "wrong_encoding": ModeFacts("編碼錯誤", "sends the file in another encoding", {}, _FILE | _FILES),
}

SETTINGS: Mapping[str, bool] = {"webhooks": True, "adopt_unknown": True}


class SwitchWrong(Exception):
    """A switch that cannot be set: the message says which part and what it may be."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How one request is to be treated: the mode's name and its numbers."""

    name: str
    params: Mapping[str, float]

    def __getitem__(self, param: str) -> float:
        return self.params[param]


@dataclass(slots=True)
class Rule:
    """One switch. `rate` is the share of matching requests it strikes; `count` how many more, None for no end."""

    id: int
    partner: str
    operation: str
    mode: str
    rate: float
    count: int | None
    params: dict[str, float]
    match: dict[str, str]


class Switchboard:
    """All switches, kept in the books and looked up in memory. Chance comes from the seed and what the rule says, so
    that the same rule and requests in the same order meet the same fate."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._turn = threading.Lock()
        self._rules: list[Rule] = []
        self._chances: dict[int, random.Random] = {}
        self._settings = dict(SETTINGS)
        self._seed = 1
        self._last_id = 0
        for row in books.all("SELECT name, value FROM switchboard"):
            self._restore(row["name"], orjson.loads(row["value"]))

    def chosen(self, partner: str, operation: str, header: str | None, facts: Mapping[str, Any]) -> Mode | None:
        """The mode for one request: the header's when it names one, else that of the first rule that strikes.

        `facts` are the request's fields (reference, number, plate …) that rules match against.
        """
        if header:
            return read_header(header, partner, operation)
        if not self._rules:
            return None
        with self._turn:
            for rule in self._rules:
                if self._strikes(rule, partner, operation, facts):
                    return Mode(rule.mode, rule.params)
        return None

    def is_on(self, setting: str) -> bool:
        """Whether a general setting (`webhooks`, `adopt_unknown`) is on."""
        return self._settings[setting]

    def add(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Adds one rule and returns it with its id. Raises SwitchWrong."""
        with self._turn:
            rule = self._append(wanted)
            self._keep()
            return asdict(rule)

    def replace(self, wanted: Mapping[str, Any]) -> None:
        """Replaces what is named: `rules` (all of them), `settings`, `seed`. Nothing changes when any part is wrong."""
        unknown = set(wanted) - {"rules", "settings", "seed"}
        if unknown:
            raise SwitchWrong(f"unknown: {', '.join(sorted(unknown))}; there are rules, settings and seed")
        with self._turn:
            rules = _checked_rules(wanted["rules"]) if "rules" in wanted else None
            settings = _checked_settings(wanted.get("settings", {}))
            seed = wanted.get("seed", self._seed)
            if not isinstance(seed, int):
                raise SwitchWrong("seed must be a whole number")
            if rules is not None:
                self._rules = []
                for rule in rules:
                    self._append(rule)
            self._settings |= settings
            self._seed, self._chances = seed, {}
            self._keep()

    def remove(self, rule_id: int) -> bool:
        """Switches one rule off; False when there is none with this id."""
        with self._turn:
            before = len(self._rules)
            self._rules = [rule for rule in self._rules if rule.id != rule_id]
            self._keep()
            return len(self._rules) < before

    def clear(self) -> None:
        """Everything behaves again: no rules, settings as at first."""
        with self._turn:
            self._rules, self._chances, self._settings = [], {}, dict(SETTINGS)
            self._keep()

    def state(self) -> dict[str, Any]:
        """Rules, settings and seed as the API shows them; a rule whose count is used up is gone."""
        with self._turn:
            rules = [asdict(rule) for rule in self._rules]
            return {"rules": rules, "settings": dict(self._settings), "seed": self._seed}

    def _strikes(self, rule: Rule, partner: str, operation: str, facts: Mapping[str, Any]) -> bool:
        if rule.partner not in (ANY, partner) or rule.operation not in (ANY, operation):
            return False
        if not is_applicable(rule.mode, partner, operation) or not _matches(rule.match, facts):
            return False
        if rule.rate < 1.0 and self._chance(rule).random() >= rule.rate:
            return False
        if rule.count is not None:
            rule.count -= 1
            if rule.count <= 0:
                self._rules = [other for other in self._rules if other is not rule]
            self._keep()
        return True

    def _chance(self, rule: Rule) -> random.Random:
        beginning = f"{self._seed} {rule.partner} {rule.operation} {rule.mode}"
        return self._chances.setdefault(rule.id, random.Random(beginning))  # noqa: S311

    def _append(self, wanted: Mapping[str, Any]) -> Rule:
        self._last_id += 1
        rule = Rule(id=self._last_id, **_checked(wanted))
        self._rules.append(rule)
        return rule

    def _keep(self) -> None:
        values = {
            "rules": [asdict(rule) for rule in self._rules],
            "settings": self._settings,
            "seed": self._seed,
            "last_id": self._last_id,
        }
        with self._books.writing() as books:
            for name, value in values.items():
                books.execute("INSERT OR REPLACE INTO switchboard VALUES (?, ?)", (name, orjson.dumps(value).decode()))

    def _restore(self, name: str, value: Any) -> None:
        if name == "rules":
            self._rules = [Rule(**rule) for rule in value]
        elif name == "settings":
            self._settings = dict(value)
        elif name == "seed":
            self._seed = value
        elif name == "last_id":
            self._last_id = value


def read_header(text: str, partner: str, operation: str) -> Mode:
    """`x-sandbox-mode: timeout_after; seconds=3` as a Mode. Raises SwitchWrong."""
    name, *assignments = (part.strip() for part in text.split(";"))
    params: dict[str, Any] = {}
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        try:
            params[key.strip()] = float(value)
        except ValueError as error:
            raise SwitchWrong(f"{assignment!r} should read name=number") from error
    rule = _checked({"partner": partner, "operation": operation, "mode": name, "params": params})
    return Mode(name, rule["params"])


def is_applicable(mode: str, partner: str, operation: str) -> bool:
    """Whether this operation of this partner knows the mode."""
    only = MODES[mode].only
    return not only or (partner, operation) in only


def _checked_rules(wanted: Any) -> list[dict[str, Any]]:
    if not isinstance(wanted, list):
        raise SwitchWrong("rules must be a list of rules")
    return [_checked(rule) for rule in wanted]


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(wanted, Mapping):
        raise SwitchWrong("a rule is an object")
    unknown = set(wanted) - {"id", "partner", "operation", "mode", "rate", "count", "params", "match"}
    if unknown:
        raise SwitchWrong(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    partner, operation = wanted.get("partner", ANY), wanted.get("operation") or ANY
    mode = str(wanted.get("mode"))
    if partner != ANY and partner not in OPERATIONS:
        raise SwitchWrong(f"partner must be one of {', '.join(OPERATIONS)} or *")
    operations = [(name, each) for name, all_of in OPERATIONS.items() for each in all_of]
    reached = [(p, o) for p, o in operations if partner in (ANY, p) and operation in (ANY, o)]
    if not reached:
        known = ", ".join(o for p, o in operations if partner in (ANY, p))
        raise SwitchWrong(f"operation of {partner} must be one of {known} or *")
    if mode not in MODES:
        raise SwitchWrong(f"mode must be one of {', '.join(MODES)}")
    if not any(is_applicable(mode, p, o) for p, o in reached):
        raise SwitchWrong(f"{mode} does nothing at {partner}.{operation}")
    rate, count = wanted.get("rate", 1.0), wanted.get("count")
    if not _is_number(rate) or not 0 <= rate <= 1:
        raise SwitchWrong("rate must be a number from 0 to 1")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise SwitchWrong("count must be a whole number from 1 up, or null for no end")
    match = wanted.get("match") or {}
    if not isinstance(match, Mapping):
        raise SwitchWrong("match must be an object of field: value")
    return {
        "partner": partner,
        "operation": operation,
        "mode": mode,
        "rate": float(rate),
        "count": count,
        "params": _checked_params(mode, wanted.get("params") or {}),
        "match": {str(name): str(value) for name, value in match.items()},
    }


def _checked_params(mode: str, given: Any) -> dict[str, float]:
    defaults = MODES[mode].params
    if not isinstance(given, Mapping) or set(given) - set(defaults):
        raise SwitchWrong(f"params of {mode} may be: {', '.join(defaults) or 'none'}")
    if not all(_is_number(value) and 0 <= value <= 3600 for value in given.values()):
        raise SwitchWrong("params must be numbers from 0 to 3600")
    return {**defaults, **given}


def _checked_settings(given: Any) -> dict[str, bool]:
    is_known = isinstance(given, Mapping) and set(given) <= set(SETTINGS)
    if not is_known or not all(isinstance(value, bool) for value in given.values()):
        raise SwitchWrong(f"settings may be {', '.join(SETTINGS)}, each true or false")
    return dict(given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matches(match: Mapping[str, str], facts: Mapping[str, Any]) -> bool:
    for name, wanted in match.items():
        found = facts.get(name)
        values = found if isinstance(found, list) else [found]
        if wanted not in {str(value) for value in values}:
            return False
    return True
