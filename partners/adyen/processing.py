"""The sandbox processor's acts: authorise, capture, refund, cancel, keep and forget cards; each says what to tell."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from core.clock import now, on_the_wire
from partners.adyen import test_values
from partners.adyen.ledger import insert, line, modify, new_reference, row_of
from partners.adyen.shop import Notice, TokenNotice, about
from partners.desk.books import Row
from partners.desk.switches import Mode

LATER_SECONDS = 1.0
_REFUSED_BY_SWITCH = test_values.Result("Refused", "Refused", "2")
Told = list[Notice | TokenNotice]


@dataclass(frozen=True, slots=True)
class Card:
    """What pays: `method` is scheme, applepay or googlepay; `token` names a card already kept."""

    method: str
    brand: str
    last_four: str
    holder_name: str
    expiry_month: str = "03"
    expiry_year: str = "2030"
    token: str | None = None
    is_challenged: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment as the city asked for it. `requested_code` is the test platform's way to force a result."""

    reference: str
    amount_minor: int
    currency: str
    shopper_reference: str | None
    return_url: str
    is_captured: bool
    keeps_card: bool = False
    session_id: str | None = None
    requested_code: str = ""


def authorise(
    writing: sqlite3.Connection,
    asked: Asked,
    card: Card,
    mode: Mode | None = None,
    *,
    forced: test_values.Result | None = None,
) -> tuple[Row, Told]:
    """Writes a payment down with its result; one that is authorised is captured at once where the city asked for it."""
    name = mode.name if mode else ""
    forced = _REFUSED_BY_SWITCH if name == "refuse_card" else forced
    result = forced or test_values.result_for(card.holder_name, asked.requested_code)
    psp_reference = new_reference()
    token, told = card.token, list[Notice | TokenNotice]()
    if result.code == "Authorised" and asked.keeps_card and asked.shopper_reference and not card.token:
        token, told = _keep(writing, asked.shopper_reference, card)
    insert(
        writing,
        "adyen_payment",
        psp_reference=psp_reference,
        reference=asked.reference,
        session_id=asked.session_id,
        method=card.method,
        brand=card.brand,
        last_four=card.last_four,
        holder_name=card.holder_name,
        shopper_reference=asked.shopper_reference,
        token=token,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        result_code=result.code,
        refusal_reason=result.refusal_reason,
        refusal_code=result.refusal_code,
        created_at=on_the_wire(now()),
    )
    payment = _payment(writing, psp_reference)
    told += _first_notices(writing, payment, asked, fails_later=name == "capture_failed")
    return _payment(writing, psp_reference), told


def capture(
    writing: sqlite3.Connection, payment: Row, amount_minor: int, reference: str, *, fails_later: bool
) -> tuple[str, Told]:
    """Captures part or all of an authorisation; Adyen's answer is the same whether it will succeed or not."""
    open_minor = payment["amount_minor"] - payment["captured_minor"]
    reason = ""
    if payment["result_code"] != "Authorised" or payment["is_cancelled"]:
        reason = "Original transaction is not authorised"
    elif amount_minor > open_minor:
        reason = "Insufficient balance on payment"
    status = "refused" if reason else "failed" if fails_later else "done"
    name = modify(writing, payment, "capture", reference, amount_minor, status, reason)
    told: Told = [about(payment, "CAPTURE", name, amount_minor, is_success=not reason, reason=reason)]
    if status == "failed":
        told.append(_capture_failed(payment, name, amount_minor))
    elif status == "done":
        _take(writing, payment, amount_minor, name, reference)
    return name, told


def refund(
    writing: sqlite3.Connection, payment: Row, amount_minor: int, reference: str, *, fate: str = ""
) -> tuple[str, Told]:
    """Gives money back. `fate` may be refund_failed (said to be done, then failed) or refund_reversed (bounced)."""
    reason = ""
    if not payment["captured_minor"]:
        reason = "Transaction hasn't been captured, refund not possible"
    elif amount_minor > payment["captured_minor"] - payment["refunded_minor"]:
        reason = "Insufficient balance on payment"
    if test_values.is_failing_later(payment["holder_name"], test_values.REFUND_FAILED):
        fate = "refund_failed"
    status = "refused" if reason else {"refund_failed": "failed", "refund_reversed": "reversed"}.get(fate, "done")
    name = modify(writing, payment, "refund", reference, amount_minor, status, reason)
    told: Told = [about(payment, "REFUND", name, amount_minor, is_success=not reason, reason=reason)]
    if reason:
        return name, told
    if status == "done" or status == "reversed":
        _give_back(writing, payment, amount_minor, name, reference)
    if status == "failed":
        told.append(about(payment, "REFUND_FAILED", name, amount_minor, reason="Refund Failed",
                          delay_seconds=LATER_SECONDS))  # fmt: skip
    if status == "reversed":
        told += reverse_refund(writing, payment, name, amount_minor, reference)
    return name, told


def reverse_refund(writing: sqlite3.Connection, payment: Row, name: str, amount_minor: int, reference: str) -> Told:
    """A refund that was paid out comes back: the card's account is closed."""
    writing.execute(
        "UPDATE adyen_payment SET refunded_minor = refunded_minor - ? WHERE psp_reference = ?",
        (amount_minor, payment["psp_reference"]),
    )
    writing.execute("UPDATE adyen_modification SET status = 'reversed' WHERE psp_reference = ?", (name,))
    line(writing, payment, "RefundedReversed", amount_minor, modification=name, modification_reference=reference)
    return [about(payment, "REFUNDED_REVERSED", name, amount_minor, delay_seconds=LATER_SECONDS)]


def cancel(
    writing: sqlite3.Connection, payment: Row | None, reference: str, *, is_technical: bool, currency: str = "TWD"
) -> tuple[str, Told]:
    """Gives up an authorisation that is not captured. `is_technical`: asked for by the city's own reference."""
    event = "TECHNICAL_CANCEL" if is_technical else "CANCELLATION"
    if payment is None:
        name = new_reference()
        absent = Notice(event, name, reference, 0, currency, is_success=False, reason="Original payment not found")
        return name, [absent]
    reason = "Payment is already captured" if payment["captured_minor"] else ""
    if payment["result_code"] not in ("Authorised", "Received"):
        reason = "Original transaction is not authorised"
    name = modify(
        writing, payment, "cancel", reference, payment["amount_minor"], "refused" if reason else "done", reason
    )
    if not reason:
        writing.execute(
            "UPDATE adyen_payment SET is_cancelled = 1 WHERE psp_reference = ?", (payment["psp_reference"],)
        )
    return name, [about(payment, event, name, payment["amount_minor"], is_success=not reason, reason=reason)]


def forget(writing: sqlite3.Connection, shopper_reference: str, token: str) -> Told | None:
    """Deletes a kept card; None when there is no such card of this shopper."""
    card = row_of(writing, "SELECT * FROM adyen_token WHERE id = ? AND shopper_reference = ?", token, shopper_reference)
    if card is None:
        return None
    writing.execute("DELETE FROM adyen_token WHERE id = ?", (token,))
    return [TokenNotice("recurring.token.disabled", "disabled", shopper_reference, token, card["brand"])]


def capture_fails(writing: sqlite3.Connection, payment: Row) -> Told:
    """Money that counted as captured does not come after all: the settlement line goes, and CAPTURE_FAILED is told."""
    name = modify(
        writing, payment, "capture", payment["reference"], payment["captured_minor"], "failed", "Capture Failed"
    )
    writing.execute("UPDATE adyen_payment SET captured_minor = 0 WHERE psp_reference = ?", (payment["psp_reference"],))
    writing.execute(
        "DELETE FROM adyen_line WHERE payment = ? AND type = 'Settled' AND batch IS NULL", (payment["psp_reference"],)
    )
    return [_capture_failed(payment, name, payment["captured_minor"])]


def _first_notices(writing: sqlite3.Connection, payment: Row, asked: Asked, *, fails_later: bool) -> Told:
    is_authorised = payment["result_code"] in ("Authorised", "Received")
    authorisation = about(
        payment,
        "AUTHORISATION",
        payment["psp_reference"],
        payment["amount_minor"],
        original_reference="",
        is_success=is_authorised,
        reason=f"087330:{payment['last_four']}:03/2030" if is_authorised else payment["refusal_reason"],
        additional=_about_card(payment),
        # What is only received is judged a little later.
        delay_seconds=2 * LATER_SECONDS if payment["result_code"] == "Received" else 0.0,
    )
    told: Told = [authorisation]
    if not (is_authorised and asked.is_captured):
        return told
    if fails_later or test_values.is_failing_later(payment["holder_name"], test_values.CAPTURE_FAILED):
        name = modify(writing, payment, "capture", payment["reference"], payment["amount_minor"], "failed", "")
        told.append(_capture_failed(payment, name, payment["amount_minor"]))
    else:
        _take(writing, payment, payment["amount_minor"], payment["psp_reference"], payment["reference"])
    return told


def _about_card(payment: Row) -> dict[str, str]:
    about_card = {"cardSummary": payment["last_four"], "paymentMethodVariant": payment["brand"]}
    if payment["session_id"]:
        about_card["checkoutSessionId"] = payment["session_id"]
    if payment["token"]:
        about_card["tokenization.storedPaymentMethodId"] = payment["token"]
        about_card["tokenization.shopperReference"] = payment["shopper_reference"]
    return about_card


def _capture_failed(payment: Row, name: str, amount_minor: int) -> Notice:
    return about(payment, "CAPTURE_FAILED", name, amount_minor, reason="Capture Failed", delay_seconds=LATER_SECONDS)


def _take(writing: sqlite3.Connection, payment: Row, amount_minor: int, name: str, reference: str) -> None:
    writing.execute(
        "UPDATE adyen_payment SET captured_minor = captured_minor + ? WHERE psp_reference = ?",
        (amount_minor, payment["psp_reference"]),
    )
    line(writing, payment, "Settled", amount_minor, modification=name, modification_reference=reference)


def _give_back(writing: sqlite3.Connection, payment: Row, amount_minor: int, name: str, reference: str) -> None:
    writing.execute(
        "UPDATE adyen_payment SET refunded_minor = refunded_minor + ? WHERE psp_reference = ?",
        (amount_minor, payment["psp_reference"]),
    )
    line(writing, payment, "Refunded", -amount_minor, modification=name, modification_reference=reference)


def _keep(writing: sqlite3.Connection, shopper_reference: str, card: Card) -> tuple[str, Told]:
    """The token of this shopper's card: the one it has already, or a new one."""
    known = row_of(
        writing,
        "SELECT id FROM adyen_token WHERE shopper_reference = ? AND brand = ? AND last_four = ? AND expiry_year = ?",
        shopper_reference,
        card.brand,
        card.last_four,
        card.expiry_year,
    )
    if known is not None:
        told = TokenNotice(
            "recurring.token.alreadyExisting", "alreadyExisting", shopper_reference, known["id"], card.brand
        )
        return known["id"], [told]
    token = new_reference()
    insert(
        writing,
        "adyen_token",
        id=token,
        shopper_reference=shopper_reference,
        brand=card.brand,
        last_four=card.last_four,
        expiry_month=card.expiry_month,
        expiry_year=card.expiry_year,
        holder_name=card.holder_name,
        is_challenged=int(card.is_challenged),
        created_at=on_the_wire(now()),
    )
    return token, [TokenNotice("recurring.token.created", "created", shopper_reference, token, card.brand)]


def _payment(writing: sqlite3.Connection, psp_reference: str) -> Row:
    payment = row_of(writing, "SELECT * FROM adyen_payment WHERE psp_reference = ?", psp_reference)
    assert payment is not None
    return payment
