"""The facts about merchants that leave this room. Ids are UUIDs as text, money is whole NT$.

Every one has merchant_id, name, person_id (its owner).
"""

from __future__ import annotations

from typing import Final

# and status ("approved" | "refused" | "suspended" | "closed"), reason, closed_by ("owner" | "city" | null)
MERCHANT_DECIDED: Final = "points.merchant_decided"
# and account (masked), status ("sent" | "not_paid" | "proven"), reason
ACCOUNT_PROOF: Final = "points.account_proof"
# and settlement_id, amount_twd, account (masked), first_day, last_day, paid_on
SETTLEMENT_PAID: Final = "points.settlement_paid"
# and settlement_id, amount_twd, account (masked), first_day, last_day, reason
SETTLEMENT_NOT_PAID: Final = "points.settlement_not_paid"
