"""Persons without mobile or password, remembered sessions, how people were proved, notices that can be disavowed."""

from __future__ import annotations

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
