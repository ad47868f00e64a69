"""The states of payments, refunds, disputes, mandates, automatic debit: every allowed move, and what causes it.

The database holds the same tables (`wallet.allowed_move`) and refuses every other move, whoever asks; each move it
lets through it writes into `wallet.state_change`. A correction repairs what reconciliation found to be otherwise: it is
possible only in a transaction that names the decision of two people behind it (`SET LOCAL wallet.correction`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Move:
    """From one state to another, and the event that causes it."""

    source: str
    target: str
    event: str
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """One thing's states. `resting` are states in which nothing more is expected to happen by itself."""

    name: str
    initial: tuple[str, ...]
    moves: tuple[Move, ...]
    resting: frozenset[str]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order in which it is first met."""
        met = [*self.initial, *(state for move in self.moves for state in (move.source, move.target))]
        return tuple(dict.fromkeys(met))

    def may_move(self, source: str, target: str) -> bool:
        """Whether it may go from `source` to `target` without a correction."""
        return any((move.source, move.target) == (source, target) and not move.is_correction for move in self.moves)

    def sources_of(self, target: str) -> tuple[str, ...]:
        """The states from which `target` is reached in one move without a correction."""
        return tuple(move.source for move in self.moves if move.target == target and not move.is_correction)

    def as_mermaid(self) -> str:
        """The graph in Mermaid's notation, as the documentation shows it."""
        lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in self.initial)]
        for move in self.moves:
            mark = "correction: " if move.is_correction else ""
            lines.append(f"    {move.source} --> {move.target}: {mark}{move.event}")
        lines += [f"    {state} --> [*]" for state in sorted(self.resting)]
        return "\n".join(lines)


AWAITING: Final = "awaiting_authorization"
DEBITING: Final = "debiting"
ACTION_REQUIRED: Final = "action_required"
UNKNOWN: Final = "unknown"
PROVISIONAL: Final = "provisional"
CAPTURED: Final = "captured"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"
RETURNED: Final = "returned"
CHARGED_BACK: Final = "charged_back"
REFUNDED: Final = "refunded"

PAYMENT: Final = Machine(
    "payment",
    (AWAITING,),
    (
        Move(AWAITING, DEBITING, "the payer's assertion over the instruction is verified"),
        Move(AWAITING, CANCELLED, "the payer cancels, begins anew, or the assertion or a bill does not match"),
        Move(AWAITING, EXPIRED, "five minutes pass without an assertion"),
        Move(DEBITING, CAPTURED, "the rail says booked"),
        Move(DEBITING, PROVISIONAL, "another bank's debit is submitted, and may be returned"),
        Move(DEBITING, ACTION_REQUIRED, "the payer has to confirm at the card's bank or the wallet"),
        Move(DEBITING, FAILED, "the rail says rejected"),
        Move(DEBITING, UNKNOWN, "the rail gives no answer"),
        Move(ACTION_REQUIRED, DEBITING, "the payer comes back"),
        Move(ACTION_REQUIRED, CAPTURED, "asked or told, the rail says booked"),
        Move(ACTION_REQUIRED, FAILED, "the payer refuses there, or never comes back"),
        Move(ACTION_REQUIRED, UNKNOWN, "the rail gives no answer"),
        Move(UNKNOWN, CAPTURED, "asked, the rail says booked"),
        Move(UNKNOWN, PROVISIONAL, "asked, the rail says submitted"),
        Move(UNKNOWN, ACTION_REQUIRED, "asked, the rail waits for the payer"),
        Move(UNKNOWN, FAILED, "asked, the rail says rejected, or never got it and it is too late to try"),
        Move(PROVISIONAL, CAPTURED, "the window for returns has passed"),
        Move(PROVISIONAL, RETURNED, "the payer's bank returns the debit"),
        Move(CAPTURED, RETURNED, "the rail says that the money did not come after all"),
        Move(CAPTURED, CHARGED_BACK, "the cardholder's bank takes the money back"),
        Move(CHARGED_BACK, CAPTURED, "the dispute is won"),
        Move(CAPTURED, REFUNDED, "everything of it has gone back"),
        Move(REFUNDED, CAPTURED, "a refund came back unpaid"),
        Move(FAILED, CAPTURED, "the rail's books show that it was booked", is_correction=True),
        Move(EXPIRED, CAPTURED, "the rail's books show that it was booked", is_correction=True),
        Move(CANCELLED, CAPTURED, "the rail's books show that it was booked", is_correction=True),
        Move(CAPTURED, FAILED, "the rail's books show that it was never booked", is_correction=True),
    ),
    frozenset({CAPTURED, FAILED, CANCELLED, EXPIRED, RETURNED, CHARGED_BACK, REFUNDED}),
)
# The states in which a payment counts as paid.
COUNTS_AS_PAID: Final = (PROVISIONAL, CAPTURED)
# The states in which a rail has been asked for money and has not said its last word.
AT_THE_RAIL: Final = (DEBITING, ACTION_REQUIRED, UNKNOWN)

REFUND: Final = Machine(
    "refund",
    ("proposed", "requested"),
    (
        Move("proposed", "requested", "a second officer approves"),
        Move("proposed", "declined", "a second officer declines, or it is withdrawn"),
        Move("requested", "unknown", "the rail gives no answer"),
        Move("requested", "pending", "the rail has taken it and will say what became of it"),
        Move("requested", "completed", "the rail says booked"),
        Move("requested", "failed", "the rail says no"),
        Move("unknown", "pending", "asked, the rail has taken it"),
        Move("unknown", "completed", "asked, the rail says booked"),
        Move("unknown", "failed", "asked, the rail says no"),
        Move("pending", "completed", "the rail says that it is done"),
        Move("pending", "failed", "the rail says that it could not be done"),
        Move("completed", "failed", "the money came back unpaid"),
        Move("failed", "requested", "sent anew, to a proven account of the payer"),
    ),
    frozenset({"declined", "completed", "failed"}),
)

DISPUTE: Final = Machine(
    "dispute",
    ("opened",),
    (
        Move("opened", "evidence_submitted", "the city defends the payment"),
        Move("opened", "accepted", "the city accepts the chargeback"),
        Move("opened", "won", "the card's bank gives the money back"),
        Move("opened", "lost", "the time to defend has passed"),
        Move("evidence_submitted", "won", "the card's bank gives the money back"),
        Move("evidence_submitted", "lost", "the card's bank keeps the money"),
        Move("won", "second_chargeback", "the card's bank takes the money again"),
        Move("second_chargeback", "won", "the card scheme rules for the city"),
        Move("second_chargeback", "lost", "the card scheme rules for the cardholder"),
        Move("lost", "won", "the processor's books show the money came back", is_correction=True),
        Move("accepted", "won", "the processor's books show the money came back", is_correction=True),
    ),
    frozenset({"accepted", "won", "lost"}),
)

MANDATE: Final = Machine(
    "mandate",
    ("pending",),
    (
        Move("pending", "active", "the citizen consents at the bank"),
        Move("pending", "refused", "the citizen or the bank says no"),
        Move("pending", "revoked", "the citizen unlinks it before it is finished"),
        Move("active", "paused", "the citizen pauses it"),
        Move("paused", "active", "the citizen resumes it"),
        Move("active", "revoked", "the citizen unlinks it, or the bank says that it has ended"),
        Move("paused", "revoked", "the citizen unlinks it, or the bank says that it has ended"),
    ),
    frozenset({"active", "paused", "refused", "revoked"}),
)

AUTOMATIC_DEBIT: Final = Machine(
    "automatic_debit",
    ("awaiting_authorization",),
    (
        Move("awaiting_authorization", "active", "the citizen's assertion over the instruction is verified"),
        Move("awaiting_authorization", "cancelled", "the assertion is refused, or another one is begun"),
        Move("awaiting_authorization", "expired", "five minutes pass without an assertion"),
        Move("active", "replaced", "the citizen signs another instruction"),
        Move("active", "stopped", "the citizen stops it, or its account is unlinked"),
    ),
    frozenset({"active", "cancelled", "expired", "replaced", "stopped"}),
)

PLANNED_DEBIT: Final = Machine(
    "planned_debit",
    ("planned",),
    (
        Move("planned", "debiting", "its moment has come, and it is within the caps"),
        Move("planned", "skipped", "the citizen skips it"),
        Move("skipped", "planned", "the citizen takes the skip back before its moment"),
        Move("planned", "dropped", "the bill is paid otherwise, void or no longer theirs"),
        Move("planned", "left", "a cap, the account or the calendar stands against it"),
        Move("planned", "stopped", "automatic debit is stopped"),
        Move("debiting", "paid", "the payment counts as paid"),
        Move("debiting", "planned", "the payment failed, and is tried once more the next day"),
        Move("debiting", "left", "the payment failed, and is not tried again"),
    ),
    frozenset({"skipped", "dropped", "left", "stopped", "paid"}),
)

MACHINES: Final = (PAYMENT, REFUND, DISPUTE, MANDATE, AUTOMATIC_DEBIT, PLANNED_DEBIT)
STATUSES: Final = PAYMENT.states
