"""What is past its time is found by an index, table by table; and so are the runs that are not, among years of them."""

from __future__ import annotations

from migrations.live import drop_index, index

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# Name, and what it is on: exactly the rows that may go, in the order of their age; runs whose deadline is to come.
INDEXES = (
    ("notify", "candidate_never_sent", "ON notify.candidate (deadline) WHERE status IN ('expired', 'withdrawn')"),
    ("notify", "candidate_sent", "ON notify.candidate (deadline) WHERE status IN ('sent', 'digested')"),
    ("notify", "person_day_old", "ON notify.person_day (day)"),
    (
        "notify",
        "digest_line_unlisted",
        "ON notify.digest_line (settled_at) WHERE digest_id IS NULL AND settled_at IS NOT NULL",
    ),
    ("notify", "delivery_settled", "ON notify.delivery (settled_at) WHERE status <> 'pending'"),
    ("notify", "trigger_fired_old", "ON notify.trigger_fired (fired_at)"),
    ("notify", "offer_not_taken", "ON notify.offer (closed_at) WHERE status IN ('declined', 'lapsed')"),
    ("notify", "estimate_old", "ON notify.estimate (day)"),
    ("notify", "estimate_asked_old", "ON notify.estimate_asked (day)"),
    ("notify", "alert_feed_entry_old", "ON notify.alert_feed_entry (taken_at)"),
    ("notify", "run_deadline", "ON notify.run (deadline)"),
    ("wallet", "notice_attempt_old", "ON wallet.notice_attempt (started_at)"),
)


def upgrade() -> None:
    """Build the indexes beside those who use the tables."""
    for schema, name, definition in INDEXES:
        index(schema, name, definition)


def downgrade() -> None:
    """Take them away again."""
    for schema, name, _ in INDEXES:
        drop_index(schema, name)
