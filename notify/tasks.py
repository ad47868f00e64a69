"""What this room does in the worker: a message for each event, and pushes whenever they are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock
from core.ids import typeid
from core.outbox import Consumer, Event
from core.text import Text
from notify import (
    automatic_debit,
    cash,
    deliveries,
    exchanges,
    instalments,
    kept,
    line_reach,
    merchants,
    money_back,
    points_expiry,
    redemptions,
    ride_care,
    rides,
    security,
    texts,
)
from notify.alerts import tasks as alert_tasks
from notify.campaigns import tasks as campaign_tasks
from notify.cap import tasks as cap_tasks
from notify.channels import paid
from notify.messages import day_text, write
from notify.topics import tasks as topic_tasks

_NOTHING = Text("", "")


def tell_of_payment(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_captured: the receipt, with the day until which the bank may return the debit."""
    paid = event.payload
    points, final_on = paid.get("points_pt", 0), paid.get("final_on")
    write(
        session,
        texts.PAYMENT_RECEIPT,
        event,
        person_id=UUID(paid["person_id"]),
        values={
            "payment": typeid("pay", UUID(paid["payment_id"])),
            "rail": texts.RAILS.get(paid["rail"], texts.SOME_RAIL),
            "count": len(paid["bill_ids"]),
            "total": f"{paid['total_twd']:,}",
            "fee": f"{paid['fee_twd']:,}",
            "points": texts.POINTS_USED.format(points=f"{points:,}") if points else _NOTHING,
            "then": texts.NOT_YET_FINAL.format(final=day_text(final_on)) if final_on else _NOTHING,
        },
        at=datetime.fromisoformat(paid["captured_at"]),
        now=now,
    )


def tell_of_failure(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_failed: what the bank said, in plain words. An automatic debit's failure has words of its own."""
    failed = event.payload
    if failed.get("initiated_by") == "automatic_debit":
        return
    write(
        session,
        texts.PAYMENT_FAILED,
        event,
        person_id=UUID(failed["person_id"]),
        values={
            "payment": typeid("pay", UUID(failed["payment_id"])),
            "total": f"{failed['total_twd']:,}",
            "reason": texts.FAILURES.get(failed["reason_code"], texts.SOME_FAILURE),
        },
        at=event.recorded_at,
        now=now,
    )


def push_at_once(event: Event) -> None:
    """Hand over what the event's message left waiting; whatever a crash loses here, `api.pusher` sends."""
    deliveries.send_due(clock.now(), event_id=event.id)


CONSUMERS = (
    Consumer("notify.payment_receipt", "wallet.payment_captured", tell_of_payment, push_at_once),
    Consumer("notify.payment_failed", "wallet.payment_failed", tell_of_failure, push_at_once),
    Consumer("notify.refund_requested", "wallet.refund_requested", money_back.tell_of_request, push_at_once),
    Consumer("notify.refund_accepted", "wallet.refund_accepted", money_back.tell_of_acceptance, push_at_once),
    Consumer("notify.bill_refunded", "wallet.bill_refunded", money_back.tell_of_refund, push_at_once),
    Consumer("notify.refund_failed", "wallet.refund_failed", money_back.tell_of_refund_failure, push_at_once),
    Consumer("notify.payment_undone", "wallet.payment_undone", money_back.tell_of_undoing, push_at_once),
    Consumer("notify.payment_restored", "wallet.payment_restored", money_back.tell_of_restoring, push_at_once),
    Consumer("notify.dispute_opened", "wallet.dispute_opened", money_back.tell_of_dispute, push_at_once),
    Consumer("notify.dispute_closed", "wallet.dispute_closed", money_back.tell_of_dispute_result, push_at_once),
    Consumer(
        "notify.automatic_debit_announced",
        "wallet.automatic_debit_announced",
        automatic_debit.tell_of_plan,
        push_at_once,
    ),
    Consumer(
        "notify.automatic_debit_not_made",
        "wallet.automatic_debit_not_made",
        automatic_debit.tell_of_debit_not_made,
        push_at_once,
    ),
    Consumer(
        "notify.automatic_debit_stopped", "wallet.automatic_debit_stopped", automatic_debit.tell_of_stop, push_at_once
    ),
    Consumer("notify.bank_link_ended", "wallet.bank_link_ended", automatic_debit.tell_of_ended_account, push_at_once),
    Consumer("notify.exchange_done", "points.exchange_done", exchanges.tell_of_exchange, push_at_once),
    Consumer("notify.exchange_undone", "points.exchange_undone", exchanges.tell_of_undoing, push_at_once),
    Consumer("notify.exchange_held", "points.exchange_held", exchanges.tell_of_waiting, push_at_once),
    Consumer("notify.exchange_released", "points.exchange_released", exchanges.tell_of_release, push_at_once),
    Consumer("notify.slip_paid", "wallet.bill_collected", cash.tell_of_arrival, push_at_once),
    Consumer("notify.overpayment_found", "wallet.overpayment_found", cash.tell_of_overpayment, push_at_once),
    Consumer("notify.overpayment_returned", "wallet.overpayment_returned", cash.tell_of_return, push_at_once),
    Consumer(
        "notify.overpayment_not_returned", "wallet.overpayment_not_returned", cash.tell_of_failed_return, push_at_once
    ),
    Consumer("notify.instalments_granted", "wallet.instalments_granted", instalments.tell_of_plan, push_at_once),
    Consumer("notify.instalments_refused", "wallet.instalments_refused", instalments.tell_of_refusal, push_at_once),
    Consumer("notify.instalment_delayed", "wallet.instalment_delayed", instalments.tell_of_delay, push_at_once),
    Consumer("notify.instalment_missed", "wallet.instalment_missed", instalments.tell_of_missed_part, push_at_once),
    Consumer("notify.instalments_completed", "wallet.instalments_completed", instalments.tell_of_completion),
    Consumer("notify.instalments_ended", "wallet.instalments_ended", instalments.tell_of_end, push_at_once),
    Consumer("notify.line_reach", "identity.account_unlinked", line_reach.account_unlinked),
    Consumer("notify.points_expiring_soon", "points.expiring_soon", points_expiry.tell_of_expiry),
    Consumer("notify.redemption_moved", "points.redemption_moved", redemptions.tell, push_at_once),
    Consumer("notify.security_notice", "identity.security_notice", security.tell, push_at_once),
    Consumer("notify.merchant_decided", "points.merchant_decided", merchants.tell_of_decision, push_at_once),
    Consumer("notify.merchant_account", "points.account_proof", merchants.tell_of_account, push_at_once),
    Consumer("notify.merchant_paid", "points.settlement_paid", merchants.tell_of_payment, push_at_once),
    Consumer("notify.merchant_not_paid", "points.settlement_not_paid", merchants.tell_of_no_payment, push_at_once),
    *(Consumer(rides.name_of(kind), kind, rides.tell, push_at_once) for kind in rides.KINDS),
    *(Consumer(ride_care.name_of(kind), kind, ride_care.tell, push_at_once) for kind in ride_care.KINDS),
    *topic_tasks.CONSUMERS,
    *campaign_tasks.CONSUMERS,
)

# name: (seconds between two runs, what is run)
# What is due to be handed over is looked for by `api.pusher`, without the broker.
SWEEPS: dict[str, tuple[float, Callable[[datetime], object]]] = {
    **alert_tasks.SWEEPS,
    **cap_tasks.SWEEPS,
    **topic_tasks.SWEEPS,
    **campaign_tasks.SWEEPS,
    "notify.settle_withdrawn": (60.0, paid.settle_withdrawn),
    "notify.forget_at_night": (60.0, kept.forget),
}
