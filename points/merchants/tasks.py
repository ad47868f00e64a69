"""What this room does from time to time: settle the week, pay, find out about payments, read the bank's statements."""

from __future__ import annotations

from points.merchants import bank_days, payouts, settlements

# name: (seconds between two runs, what is run)
SWEEPS = {
    "points.settle_merchants": (300.0, settlements.settle_due),
    "points.send_payouts": (30.0, payouts.send_due),
    "points.fetch_payout_statements": (1800.0, bank_days.fetch_days),
}
