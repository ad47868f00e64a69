"""A fleet that is rung is asked on the day whether its vehicle is on its way, and afterwards how the ride went."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_BEFORE = "'ask', 'hold', 'bind', 'customer', 'cancel', 'change', 'message'"
_ANSWERED_BEFORE = "'yes', 'no', 'unreached', 'overdue'"


def upgrade() -> None:
    """Two questions and two answers more: every row of today is one of them, and is read beside its users."""
    _allow(f"{_BEFORE}, 'under_way', 'driven'", f"{_ANSWERED_BEFORE}, 'later', 'nobody_came'")


def downgrade() -> None:
    """Calls with those questions go."""
    op.execute("DELETE FROM accessibility.call WHERE question IN ('under_way', 'driven')")
    _allow(_BEFORE, _ANSWERED_BEFORE)


def _allow(questions: str, answers: str) -> None:
    live.check("accessibility.call", "call_question_check", f"question IN ({questions})")
    live.check("accessibility.call", "call_answer_check", f"answer IN ({answers})")
