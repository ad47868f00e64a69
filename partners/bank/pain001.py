"""A file of credit transfers as pain.001.001.09 (ISO 20022, CustomerCreditTransferInitiation): written and read.

Of one debtor account, one payment block. Amounts are TWD with two decimals; an account is named by its number
(`Othr/Id`), a bank by its three digits in the clearing system (`ClrSysMmbId`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from core.clock import on_the_wire
from core.money import MoneyNotConvertible, from_major_text, to_major_text
from partners.bank.iso20022 import MessageWrong, each, maybe, member, root_of, words

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
LONGEST_NAME, LONGEST_REMARK = 140, 140
"""Characters: Max140Text."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One credit transfer. `end_to_end` (35 characters at most) is the payer's own name for it, and stands on
    everybody's statement; `remark` is what the payee's statement shows."""

    end_to_end: str
    payee: str
    bank_code: str
    account: str
    amount_twd: int
    remark: str


@dataclass(frozen=True, slots=True)
class TransferFile:
    """A file of transfers, known by its `message_id` (35 characters at most) alone."""

    message_id: str
    written_at: datetime
    payer: str
    payer_bank: str
    payer_account: str
    execute_on: date
    transfers: tuple[Transfer, ...]

    @property
    def total_twd(self) -> int:
        return sum(transfer.amount_twd for transfer in self.transfers)


def written(file: TransferFile) -> str:
    """The document. The same file is the same text."""
    count, total = len(file.transfers), to_major_text(file.total_twd)
    payer = f"<Nm>{escape(file.payer)}</Nm>"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>\n'
        f"<GrpHdr><MsgId>{escape(file.message_id)}</MsgId><CreDtTm>{on_the_wire(file.written_at)}</CreDtTm>"
        f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{total}</CtrlSum><InitgPty>{payer}</InitgPty></GrpHdr>\n"
        f"<PmtInf><PmtInfId>{escape(file.message_id)}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>false</BtchBookg>"
        f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{total}</CtrlSum><ReqdExctnDt><Dt>{file.execute_on}</Dt></ReqdExctnDt>"
        f"<Dbtr>{payer}</Dbtr><DbtrAcct><Id><Othr><Id>{file.payer_account}</Id></Othr></Id><Ccy>TWD</Ccy></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><ClrSysMmbId><MmbId>{file.payer_bank}</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>\n"
    )
    return head + "".join(map(_transfer, file.transfers)) + "</PmtInf></CstmrCdtTrfInitn></Document>\n"


def read(document: bytes) -> TransferFile:
    """The file in a document. Raises MessageWrong: not this message, sums that do not add up, a name used twice."""
    block = member(root_of(document, NAMESPACE), "CstmrCdtTrfInitn", NAMESPACE)
    payment = member(block, "PmtInf", NAMESPACE)
    transfers = tuple(_read_transfer(element) for element in each(payment, "CdtTrfTxInf", NAMESPACE))
    try:
        file = TransferFile(
            message_id=words(block, "GrpHdr/MsgId", NAMESPACE),
            written_at=datetime.fromisoformat(words(block, "GrpHdr/CreDtTm", NAMESPACE)),
            payer=words(payment, "Dbtr/Nm", NAMESPACE),
            payer_bank=words(payment, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId", NAMESPACE),
            payer_account=words(payment, "DbtrAcct/Id/Othr/Id", NAMESPACE),
            execute_on=date.fromisoformat(words(payment, "ReqdExctnDt/Dt", NAMESPACE)),
            transfers=transfers,
        )
        stated = {
            (words(part, "NbOfTxs", NAMESPACE), from_major_text(words(part, "CtrlSum", NAMESPACE)))
            for part in (member(block, "GrpHdr", NAMESPACE), payment)
        }
    except (ValueError, MoneyNotConvertible) as error:
        raise MessageWrong(str(error)) from error
    if stated != {(str(len(transfers)), file.total_twd)}:
        raise MessageWrong("NbOfTxs or CtrlSum is not what the transfers add up to")
    if not transfers or len({transfer.end_to_end for transfer in transfers}) < len(transfers):
        raise MessageWrong("there is no transfer, or one EndToEndId stands for two")
    return file


def _transfer(transfer: Transfer) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{escape(transfer.end_to_end)}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="TWD">{to_major_text(transfer.amount_twd)}</InstdAmt></Amt>'
        f"<CdtrAgt><FinInstnId><ClrSysMmbId><MmbId>{transfer.bank_code}</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>"
        f"<Cdtr><Nm>{escape(transfer.payee[:LONGEST_NAME])}</Nm></Cdtr>"
        f"<CdtrAcct><Id><Othr><Id>{transfer.account}</Id></Othr></Id></CdtrAcct>"
        f"<RmtInf><Ustrd>{escape(transfer.remark[:LONGEST_REMARK])}</Ustrd></RmtInf></CdtTrfTxInf>\n"
    )


def _read_transfer(element: etree._Element) -> Transfer:
    amount = member(element, "Amt/InstdAmt", NAMESPACE)
    if amount.get("Ccy") != "TWD":
        raise MessageWrong("the currency is not TWD")
    try:
        twd = from_major_text(amount.text or "")
    except MoneyNotConvertible as error:
        raise MessageWrong(str(error)) from error
    if twd < 1:
        raise MessageWrong("an amount is not above zero")
    return Transfer(
        end_to_end=words(element, "PmtId/EndToEndId", NAMESPACE),
        payee=words(element, "Cdtr/Nm", NAMESPACE),
        bank_code=words(element, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId", NAMESPACE),
        account=words(element, "CdtrAcct/Id/Othr/Id", NAMESPACE),
        amount_twd=twd,
        remark=maybe(element, "RmtInf/Ustrd", NAMESPACE),
    )
