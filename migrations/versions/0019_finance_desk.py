"""What is under way is found without reading what has ended."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Partial indexes, each as small as the work that waits."""
    op.execute(
        """
        CREATE INDEX payment_under_way ON wallet.payment (status, authorized_at)
            WHERE status IN ('debiting', 'unknown', 'action_required');
        CREATE INDEX refund_under_way ON wallet.refund (id) WHERE status NOT IN ('completed', 'declined');
        CREATE INDEX bureau_notice_not_acknowledged ON wallet.bureau_notice (id) WHERE acknowledged_at IS NULL;
        """
    )
