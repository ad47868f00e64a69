"""The facts that the wallet publishes. Ids are UUIDs as text, money is whole NT$, moments RFC 3339."""

from __future__ import annotations

from typing import Final

# payment_id, person_id, rail, amount_twd, fee_twd, total_twd, points_pt (the part of the total that points paid),
# final_on (while it may still be returned, else null), captured_at, due_before, kinds[], bill_ids[],
# bills[{bill_id, bureau, number, kind, amount_twd, stands}]; `stands` is false where the money comes back.
PAYMENT_CAPTURED: Final = "wallet.payment_captured"
# payment_id, person_id, reason_code, total_twd
PAYMENT_FAILED: Final = "wallet.payment_failed"
# payment_id, person_id, refund_id, bill_id, number, amount_twd, fee_twd, reason, channel, account, completed_at
BILL_REFUNDED: Final = "wallet.bill_refunded"
# bill_id, number, channel, paid_at
BILL_PAID_ELSEWHERE: Final = "wallet.bill_paid_elsewhere"
# payment_id, person_id, rail, how ("returned" | "charged_back"), reason, total_twd, points_pt, undone_at,
# bills[{bill_id, bureau, number, kind, amount_twd}]: the money that counted as paid did not come, or was taken back
PAYMENT_UNDONE: Final = "wallet.payment_undone"
# As payment_undone, with restored_at: the money that had been taken back has come again
PAYMENT_RESTORED: Final = "wallet.payment_restored"
# payment_id, kind ("missing_ours" | "amount"), rail, ours_twd, theirs_twd, status
PAYMENT_DISAGREES: Final = "wallet.payment_disagrees"
