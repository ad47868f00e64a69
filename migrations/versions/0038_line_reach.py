"""Accounts elsewhere keep their subject, sealed, so that a person can be written to at the LINE account that is theirs."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SUBJECT = """
ALTER TABLE identity.linked_account ADD COLUMN IF NOT EXISTS subject_sealed bytea;
COMMENT ON COLUMN identity.linked_account.subject_sealed IS
    'AES-256-GCM, bound to this row. NULL for what was linked before it was kept: linking anew fills it in.';
"""


def upgrade() -> None:
    """Add the column; accounts that are linked already sign in as before."""
    live.briefly(SUBJECT)


def downgrade() -> None:
    """Remove the column."""
    op.execute("ALTER TABLE identity.linked_account DROP COLUMN subject_sealed")
