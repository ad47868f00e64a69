"""Find the refund that a report of another channel led to."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Refunds are few beside payments: the index is built in seconds, and only new refunds wait for it."""
    op.execute(
        "CREATE INDEX refund_of_report ON wallet.refund (external_payment_id) WHERE external_payment_id IS NOT NULL"
    )
