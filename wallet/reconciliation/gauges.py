"""Numbers that alarm: breaks that are open, what waits in suspense for them, and what is overdue on which account."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet.reconciliation import breaks


def exposition(session: Session) -> bytes:
    """The gauges in Prometheus text format, as they stand now. Costs two reads of the list of open breaks."""
    registry = CollectorRegistry()
    number = Gauge("mykaohsiung_open_breaks", "Open breaks by kind", ["kind"], registry=registry)
    oldest = Gauge(
        "mykaohsiung_oldest_break_opened_at_seconds", "When the oldest was opened", ["kind"], registry=registry
    )
    suspense = Gauge("mykaohsiung_break_suspense_twd", "NT$ that wait for their place", ["kind"], registry=registry)
    overdue = Gauge("mykaohsiung_in_transit_overdue", "Things that are late on an account", ["account"],
                    registry=registry)  # fmt: skip
    for each in breaks.open_counts(session):
        number.labels(each.kind).set(each.number)
        oldest.labels(each.kind).set(each.oldest_at.timestamp())
        suspense.labels(each.kind).set(each.suspense_twd)
    for row in session.execute(_OVERDUE):
        overdue.labels(row.account).set(row.number)
    return bytes(generate_latest(registry))


_OVERDUE = text(
    "SELECT coalesce(account, '') AS account, count(*) AS number FROM wallet.reconciliation_break "
    "WHERE status <> 'closed' AND kind = 'missing_theirs' GROUP BY 1 ORDER BY 1"
)
