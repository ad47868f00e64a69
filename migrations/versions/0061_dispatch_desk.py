"""What the dispatch desk writes down: which of the drivers' incidents somebody has taken care of."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute(
        """
        CREATE TABLE accessibility.van_incident_handled (
            event_id uuid PRIMARY KEY,
            at timestamptz NOT NULL,
            officer_id uuid NOT NULL,
            note text NOT NULL DEFAULT ''
        );
        COMMENT ON TABLE accessibility.van_incident_handled IS
            'Incidents of accessibility.van_event that a dispatcher has taken care of, and how; the others are open.';
        CREATE INDEX van_incident_handled_at ON accessibility.van_incident_handled (at);
        CREATE INDEX van_event_incident ON accessibility.van_event (at) WHERE kind = 'incident';
        """
    )


def downgrade() -> None:
    """Take it away."""
    op.execute(
        "DROP INDEX accessibility.van_event_incident; DROP TABLE accessibility.van_incident_handled;"
    )  # fmt: skip
