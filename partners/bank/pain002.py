"""What became of a file of transfers, as pain.002.001.10 (ISO 20022, CustomerPaymentStatusReport): written and read.

A whole file is refused (group status RJCT), or each of its transfers is executed (ACSC) or refused (RJCT) with a reason
of the ISO external code list: AC01 no such account, AC04 it is closed, AM05 known already, FF01 not readable …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from xml.sax.saxutils import escape

from lxml import etree

from core.clock import on_the_wire
from partners.bank.iso20022 import MessageWrong, each, maybe, member, root_of, words

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
ORIGINAL: Final = "pain.001.001.09"
TransferStatus = Literal["executed", "refused"]
_CODES: Final[dict[str, TransferStatus]] = {"ACSC": "executed", "RJCT": "refused"}
_WORDS: Final = {status: code for code, status in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one transfer: on which day it was executed and the bank's name for it, or why it was refused."""

    end_to_end: str
    status: TransferStatus
    reason: str = ""
    executed_on: date | None = None
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the file `message_id`. `refusal` is why the bank took nothing of it, and empty where it did."""

    message_id: str
    made_at: datetime
    refusal: str
    outcomes: tuple[Outcome, ...]


def written(report: Report, *, report_id: str) -> str:
    """The document, under the bank's own name for it."""
    refused = [outcome for outcome in report.outcomes if outcome.status == "refused"]
    group = "RJCT" if report.refusal else "PART" if refused else "ACSC"
    reason = _reason(report.refusal) if report.refusal else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><CstmrPmtStsRpt>\n'
        f"<GrpHdr><MsgId>{escape(report_id)}</MsgId><CreDtTm>{on_the_wire(report.made_at)}</CreDtTm></GrpHdr>\n"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{escape(report.message_id)}</OrgnlMsgId><OrgnlMsgNmId>{ORIGINAL}</OrgnlMsgNmId>"
        f"<GrpSts>{group}</GrpSts>{reason}</OrgnlGrpInfAndSts>\n"
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{escape(report.message_id)}</OrgnlPmtInfId>\n"
        f"{''.join(map(_outcome, report.outcomes))}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>\n"
    )


def read(document: bytes) -> Report:
    """The report in a document. Raises MessageWrong."""
    block = member(root_of(document, NAMESPACE), "CstmrPmtStsRpt", NAMESPACE)
    group = member(block, "OrgnlGrpInfAndSts", NAMESPACE)
    status = words(group, "GrpSts", NAMESPACE)
    if status not in ("ACSC", "PART", "RJCT"):
        raise MessageWrong(f"GrpSts {status} is not agreed")
    outcomes = tuple(
        _read_outcome(element)
        for payment in each(block, "OrgnlPmtInfAndSts", NAMESPACE)
        for element in each(payment, "TxInfAndSts", NAMESPACE)
    )
    if len({outcome.end_to_end for outcome in outcomes}) < len(outcomes):
        raise MessageWrong("it says two things of one transfer")
    refusal = (maybe(group, "StsRsnInf/Rsn/Cd", NAMESPACE) or "NARR") if status == "RJCT" else ""
    try:
        made_at = datetime.fromisoformat(words(block, "GrpHdr/CreDtTm", NAMESPACE))
    except ValueError as error:
        raise MessageWrong(str(error)) from error
    return Report(words(group, "OrgnlMsgId", NAMESPACE), made_at, refusal, () if refusal else outcomes)


def by_transfer(outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    """The outcomes by the payer's names for the transfers."""
    return {outcome.end_to_end: outcome for outcome in outcomes}


def _outcome(outcome: Outcome) -> str:
    reason = _reason(outcome.reason) if outcome.reason else ""
    executed = f"<AccptncDtTm>{outcome.executed_on}T00:00:00+08:00</AccptncDtTm>" if outcome.executed_on else ""
    theirs = f"<AcctSvcrRef>{escape(outcome.bank_reference)}</AcctSvcrRef>" if outcome.bank_reference else ""
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{escape(outcome.end_to_end)}</OrgnlEndToEndId>"
        f"<TxSts>{_WORDS[outcome.status]}</TxSts>{reason}{executed}{theirs}</TxInfAndSts>\n"
    )


def _reason(code: str) -> str:
    return f"<StsRsnInf><Rsn><Cd>{escape(code)}</Cd></Rsn></StsRsnInf>"


def _read_outcome(element: etree._Element) -> Outcome:
    status = _CODES.get(words(element, "TxSts", NAMESPACE))
    if status is None:
        raise MessageWrong("TxSts is neither ACSC nor RJCT")
    executed = maybe(element, "AccptncDtTm", NAMESPACE)
    try:
        executed_on = date.fromisoformat(executed[:10]) if executed else None
    except ValueError as error:
        raise MessageWrong(str(error)) from error
    if status == "executed" and executed_on is None:
        raise MessageWrong("it does not say when a transfer was executed")
    return Outcome(
        end_to_end=words(element, "OrgnlEndToEndId", NAMESPACE),
        status=status,
        reason=maybe(element, "StsRsnInf/Rsn/Cd", NAMESPACE) or ("NARR" if status == "refused" else ""),
        executed_on=executed_on,
        bank_reference=maybe(element, "AcctSvcrRef", NAMESPACE),
    )
