"""What campaigns do in the worker."""

from __future__ import annotations

from notify.campaigns import runs, triggers, withdrawals

# name: (seconds between two runs, what is run)
SWEEPS = {
    "notify.start_runs": (1.0, runs.start_due),
    "notify.recheck_events": (2.0, triggers.recheck),
    "notify.withdraw_stopped": (2.0, withdrawals.withdraw_stopped),
}
