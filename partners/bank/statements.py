"""The statement of one of the city's accounts, of one day, as camt.053.001.08 (ISO 20022, BankToCustomerStatement).

Written piece by piece into a file, entries read from the books as they are written, so that a day may have any number
of them. What identifies an entry to the city is its EndToEndId: the reference that came with the order.

Bank transaction codes are of the ISO external code list: PMNT/IDDT/PADD a pre-authorised direct debit that we ordered,
PMNT/ICDT/BOOK a transfer inside the bank, PMNT/RCDT/DMCT a domestic transfer received, PMNT/RDDT/PADD one drawn on us,
ACMT/MDOP/CHRG charges.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import orjson

from core.clock import now, taipei_date
from core.money import to_major_text
from partners.bank.accounts import PAYOUT_ACCOUNT, TREASURY_ACCOUNT
from partners.desk.books import Books, Row
from partners.desk.protocol import Refusal
from partners.desk.switches import Mode

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
BANK_CODE = "016"
_IN_MEMORY_BYTES = 1 << 20
_DAY_END = "T23:59:59+08:00"
_CODES = {
    "debit": ("PMNT", "IDDT", "PADD"),
    "refund": ("PMNT", "ICDT", "BOOK"),
    "credit_order": ("PMNT", "ICDT", "BOOK"),
    "payout": ("PMNT", "ICDT", "DMCT"),
    "incoming_credit": ("PMNT", "RCDT", "DMCT"),
    "incoming_debit": ("PMNT", "RDDT", "PADD"),
    "incoming_charges": ("ACMT", "MDOP", "CHRG"),
}
# Every booking on the treasury account, with its sign as the account's owner sees it.
_BOOKINGS = """
SELECT 'debit' AS kind, 1 AS sign, reference, debit_id AS own_reference, amount_twd, purpose AS words, '' AS party,
       '[]' AS details, booked_at, position
  FROM bank_debit WHERE status = 'booked' AND substr(booked_at, 1, 10) {day}
UNION ALL
SELECT 'refund', -1, reference, refund_id, amount_twd, debit_reference, '', '[]', booked_at, position
  FROM bank_refund WHERE status = 'booked' AND substr(booked_at, 1, 10) {day}
UNION ALL
SELECT 'credit_order', -1, reference, credit_id, amount_twd, purpose, '', '[]', booked_at, position
  FROM bank_credit_order WHERE status = 'booked' AND substr(booked_at, 1, 10) {day}
UNION ALL
SELECT 'incoming_' || kind, CASE kind WHEN 'credit' THEN 1 ELSE -1 END, reference, printf('inc_%08d', position),
       amount_twd, remittance, party, details, booked_at, position
  FROM bank_incoming WHERE account_no = '9017-9000-0001' AND substr(booked_at, 1, 10) {day}
"""
_PAYOUT_BOOKINGS = """
SELECT 'payout' AS kind, -1 AS sign, reference, payout_id AS own_reference, amount_twd, remark AS words, payee AS party,
       '[]' AS details, booked_at, position
  FROM bank_payout WHERE status = 'booked' AND substr(booked_at, 1, 10) {day}
UNION ALL
SELECT 'incoming_' || kind, CASE kind WHEN 'credit' THEN 1 ELSE -1 END, reference, printf('inc_%08d', position),
       amount_twd, remittance, party, details, booked_at, position
  FROM bank_incoming WHERE account_no = '9017-9000-0002' AND substr(booked_at, 1, 10) {day}
"""


@dataclass(frozen=True, slots=True)
class Stated:
    """An account of the city's that the bank writes statements of: number, owner, and where its bookings are."""

    account_no: str
    owner: str
    bookings: str

    @property
    def on_day(self) -> str:
        return self.bookings.replace("{day}", "= ?1") + "ORDER BY booked_at, kind, position"

    @property
    def net_before(self) -> str:
        before = self.bookings.replace("{day}", "< ?1")
        return f"SELECT coalesce(sum(sign * amount_twd), 0) AS net_twd FROM ({before})"  # noqa: S608

    @property
    def newest(self) -> str:
        return f"SELECT max(booked_at) AS at FROM ({self.bookings.replace('{day}', '= ?1')})"  # noqa: S608


TREASURY = Stated(TREASURY_ACCOUNT, "高雄市政府財政局", _BOOKINGS)
PAYOUTS = Stated(PAYOUT_ACCOUNT, "高雄市政府經濟發展局 點數結算專戶", _PAYOUT_BOOKINGS)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One order inside an entry: our reference, the bank's own, NT$, and the words that came with it."""

    end_to_end: str
    own_reference: str
    amount_twd: int
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the statement; several transactions when the bank booked them as one."""

    number: int
    sign: int
    kind: str
    party: str
    booked_on: str
    transactions: tuple[Transaction, ...]

    @property
    def amount_twd(self) -> int:
        return sum(transaction.amount_twd for transaction in self.transactions)


def read_day(text: str) -> date:
    """The day in a statement's address. Refuses 404 for what is no day, or has not begun in Taipei."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal(404, "statement_not_found", "the address names no day") from None
    if text != day.isoformat() or day > taipei_date(now()):
        raise Refusal(404, "statement_not_found", "there is no statement of that day")
    return day


def written(books: Books, day: date, mode: Mode | None = None, *, of: Stated = TREASURY) -> BinaryIO:
    """The account's statement in a file that lasts until it is closed, read from its beginning.

    A day that is not over has what was booked until now; asked again with nothing new, it is the same to the byte.
    """
    opening_twd = books.all(of.net_before, day.isoformat())[0]["net_twd"]
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    for piece in _document(books, of, day, opening_twd, mode):
        file.write(piece.encode())
    if mode is not None and mode.name == "truncated_xml":
        file.truncate(int(file.tell() * mode["share"]))
    file.seek(0)
    return file  # type: ignore[return-value]


@dataclass(slots=True)
class _Totals:
    entries: int = 0
    credits: int = 0
    credit_twd: int = 0
    debits: int = 0
    debit_twd: int = 0
    last_booked_at: str = ""

    def add(self, entry: Entry) -> None:
        self.entries += 1
        if entry.sign > 0:
            self.credits, self.credit_twd = self.credits + 1, self.credit_twd + entry.amount_twd
        else:
            self.debits, self.debit_twd = self.debits + 1, self.debit_twd + entry.amount_twd


def _document(books: Books, of: Stated, day: date, opening_twd: int, mode: Mode | None) -> Iterator[str]:
    # The sums stand before the entries, so the day is read twice.
    totals = _Totals()
    for entry in _entries(books, of, day, mode):
        totals.add(entry)
    is_again = mode is not None and mode.name == "duplicate_statement"
    closing_twd = opening_twd + totals.credit_twd - totals.debit_twd
    if mode is not None and mode.name == "wrong_totals":
        closing_twd += 1
    account = of.account_no.replace("-", "")
    made_at = _made_at(books, of, day)
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>STM{day:%Y%m%d}{'-2' if is_again else ''}</MsgId><CreDtTm>{made_at}</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>{account}-{day:%Y%m%d}</Id><ElctrncSeqNb>{day.timetuple().tm_yday}</ElctrncSeqNb>"
        f"<CreDtTm>{made_at}</CreDtTm><FrToDt><FrDtTm>{day}T00:00:00+08:00</FrDtTm><ToDtTm>{day}{_DAY_END}</ToDtTm>"
        f"</FrToDt>{'<CpyDplctInd>DUPL</CpyDplctInd>' if is_again else ''}\n"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>TWD</Ccy><Ownr><Nm>{of.owner}</Nm></Ownr>"
        f"<Svcr><FinInstnId><ClrSysMmbId><MmbId>{BANK_CODE}</MmbId></ClrSysMmbId><Nm>高雄銀行</Nm></FinInstnId></Svcr>"
        "</Acct>\n"
    )
    yield _balance("OPBD", opening_twd, day)
    yield _balance("CLBD", closing_twd, day)
    yield _summary(totals)
    for entry in _entries(books, of, day, mode):
        yield _entry(entry, day)
    yield "</Stmt></BkToCstmrStmt></Document>\n"


def _entries(books: Books, of: Stated, day: date, mode: Mode | None) -> Iterator[Entry]:
    entries: Iterable[Entry] = _numbered(books.each(of.on_day, day.isoformat()), mode)
    if mode is None:
        yield from entries
        return
    for entry in entries:
        is_struck = "nth" in mode.params and entry.number == int(mode["nth"])
        if not is_struck:
            yield entry
        elif mode.name == "one_dollar_off":
            first, *rest = entry.transactions
            yield replace(entry, transactions=(replace(first, amount_twd=first.amount_twd + 1), *rest))
        elif mode.name == "duplicate_entry":
            yield entry
            yield replace(entry, number=999_998)
        elif mode.name == "wrong_date":
            yield replace(entry, booked_on=(day - timedelta(days=1)).isoformat())
    if mode.name == "extra_entry":
        stranger = Transaction("NOTPROVIDED", "inc_unknown", int(mode["amount"]), "不明匯款")
        yield Entry(999_999, 1, "incoming_credit", "不明匯款人", day.isoformat(), (stranger,))


def _numbered(rows: Iterator[Row], mode: Mode | None) -> Iterator[Entry]:
    most_debits = int(mode["size"]) if mode is not None and mode.name == "batched_entries" else 1
    for number, booked in enumerate(_booked_together(rows, max(most_debits, 1)), start=1):
        first = booked[0]
        transactions = tuple(transaction for row in booked for transaction in _transactions(row))
        yield Entry(number, first["sign"], first["kind"], first["party"], first["booked_at"][:10], transactions)


def _booked_together(rows: Iterator[Row], most_debits: int) -> Iterator[list[Row]]:
    """Debits as the bank books them: each alone, or up to so many that follow each other as one."""
    waiting: list[Row] = []
    for row in rows:
        if waiting and (row["kind"] != "debit" or len(waiting) == most_debits):
            yield waiting
            waiting = []
        if row["kind"] == "debit":
            waiting.append(row)
        else:
            yield [row]
    if waiting:
        yield waiting


def _transactions(row: Row) -> Iterator[Transaction]:
    details: list[dict[str, Any]] = orjson.loads(row["details"])
    if not details:
        yield Transaction(row["reference"], row["own_reference"], row["amount_twd"], row["words"])
    for number, detail in enumerate(details, start=1):
        yield Transaction(detail["reference"], f"{row['own_reference']}-{number}", detail["amount_twd"], row["words"])


def _made_at(books: Books, of: Stated, day: date) -> str:
    if day < taipei_date(now()):
        return f"{day}{_DAY_END}"
    newest = books.all(of.newest, day.isoformat())
    return newest[0]["at"] or f"{day}T00:00:00+08:00"


def _balance(code: str, amount_twd: int, day: date) -> str:
    side = "CRDT" if amount_twd >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(abs(amount_twd))}<CdtDbtInd>{side}</CdtDbtInd>"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def _summary(totals: _Totals) -> str:
    net_twd = totals.credit_twd - totals.debit_twd
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{totals.entries}</NbOfNtries>"
        f"<Sum>{to_major_text(totals.credit_twd + totals.debit_twd)}</Sum>"
        f"<TtlNetNtry><Amt>{to_major_text(abs(net_twd))}</Amt>"
        f"<CdtDbtInd>{'CRDT' if net_twd >= 0 else 'DBIT'}</CdtDbtInd></TtlNetNtry></TtlNtries>"
        f"<TtlCdtNtries><NbOfNtries>{totals.credits}</NbOfNtries><Sum>{to_major_text(totals.credit_twd)}</Sum>"
        f"</TtlCdtNtries><TtlDbtNtries><NbOfNtries>{totals.debits}</NbOfNtries>"
        f"<Sum>{to_major_text(totals.debit_twd)}</Sum></TtlDbtNtries></TxsSummry>\n"
    )


def _entry(entry: Entry, day: date) -> str:
    side = "CRDT" if entry.sign > 0 else "DBIT"
    domain, family, sub_family = _CODES[entry.kind]
    batch = ""
    if len(entry.transactions) > 1:
        count = len(entry.transactions)
        batch = (
            f"<Btch><NbOfTxs>{count}</NbOfTxs>{_amount(entry.amount_twd, 'TtlAmt')}<CdtDbtInd>{side}</CdtDbtInd></Btch>"
        )
    details = "".join(_details(transaction, entry, side) for transaction in entry.transactions)
    return (
        f"<Ntry><NtryRef>{day:%Y%m%d}-{entry.number:06d}</NtryRef>{_amount(entry.amount_twd)}"
        f"<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{entry.booked_on}</Dt></BookgDt>"
        f"<ValDt><Dt>{entry.booked_on}</Dt></ValDt>"
        f"<AcctSvcrRef>{escape(entry.transactions[0].own_reference)}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{batch}{details}</NtryDtls></Ntry>\n"
    )


def _details(transaction: Transaction, entry: Entry, side: str) -> str:
    role = "Dbtr" if entry.sign > 0 else "Cdtr"
    party = f"<RltdPties><{role}><Pty><Nm>{escape(entry.party)}</Nm></Pty></{role}></RltdPties>" if entry.party else ""
    words = f"<RmtInf><Ustrd>{escape(transaction.words[:140])}</Ustrd></RmtInf>" if transaction.words else ""
    return (
        f"<TxDtls><Refs><AcctSvcrRef>{escape(transaction.own_reference)}</AcctSvcrRef>"
        f"<EndToEndId>{escape(transaction.end_to_end[:35])}</EndToEndId></Refs>{_amount(transaction.amount_twd)}"
        f"<CdtDbtInd>{side}</CdtDbtInd>{party}{words}</TxDtls>"
    )


def _amount(amount_twd: int, tag: str = "Amt") -> str:
    return f'<{tag} Ccy="TWD">{to_major_text(amount_twd)}</{tag}>'
