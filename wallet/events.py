"""The facts that the wallet publishes. Ids are UUIDs as text, money is whole NT$, moments RFC 3339."""

from __future__ import annotations

from typing import Final

# payment_id, person_id, rail, amount_twd, fee_twd, total_twd, points_pt (the part of the total that points paid),
# final_on (while it may still be returned, else null), captured_at, due_before, kinds[], bill_ids[],
# bills[{bill_id, bureau, number, kind, amount_twd, stands}]; `stands` is false where the money comes back.
PAYMENT_CAPTURED: Final = "wallet.payment_captured"
# payment_id, person_id, reason_code, total_twd, initiated_by ("payer" | "automatic_debit")
PAYMENT_FAILED: Final = "wallet.payment_failed"
# Every fact about a refund: payment_id, person_id, refund_id, bill_id, bureau, number, rail, amount_twd, fee_twd,
# points_pt (the part of the amount that goes back as points), reason, channel (where else it was paid, or null),
# account (where it goes), attempt, expected_on, completed_at
REFUND_REQUESTED: Final = "wallet.refund_requested"
REFUND_ACCEPTED: Final = "wallet.refund_accepted"
BILL_REFUNDED: Final = "wallet.bill_refunded"
# and failure_code, was_completed (it had been said to be done), can_choose_account
REFUND_FAILED: Final = "wallet.refund_failed"
# bank_link_id, person_id, account, by ("citizen" | "bank"): a linked account can be debited no more
BANK_LINK_ENDED: Final = "wallet.bank_link_ended"
# planned_id, person_id, bill_id, amount_twd, plate, account, debit_at, due_on: it will be debited then unless skipped
AUTOMATIC_DEBIT_ANNOUNCED: Final = "wallet.automatic_debit_announced"
# planned_id, person_id, bill_id, amount_twd, plate, reason, due_on, retry_at (null: it is left to the citizen)
AUTOMATIC_DEBIT_NOT_MADE: Final = "wallet.automatic_debit_not_made"
# automatic_debit_id, person_id, account, reason ("citizen" | "account_ended")
AUTOMATIC_DEBIT_STOPPED: Final = "wallet.automatic_debit_stopped"
# how ("paid" | "void"), bill_ids[] (500 at most): their bureau, or the file of another channel, has closed them
BILLS_CLOSED: Final = "wallet.bills_closed"
# bill_ids[] (500 at most): their bureau had said that they are void, and says now that they are owed after all
BILLS_REOPENED: Final = "wallet.bills_reopened"
# bill_id, number, channel, paid_at
BILL_PAID_ELSEWHERE: Final = "wallet.bill_paid_elsewhere"
# payment_id (of the channel's report), bill_id, bureau, number, amount_twd, fee_twd, channel, paid_at, person_id (whose
# slip it was): a slip's money closed the bill
BILL_COLLECTED: Final = "wallet.bill_collected"
# channel, name, refusal: a channel's file was refused whole
COLLECTION_FILE_REFUSED: Final = "wallet.collection_file_refused"
# overpayment_id, bill_id, bureau, number, channel, amount_twd, reason, person_ids[] (whose bill it is): cash beyond
# what a bill cost
OVERPAYMENT_FOUND: Final = "wallet.overpayment_found"
# overpayment_id, person_id, number, amount_twd, account, returned_at
OVERPAYMENT_RETURNED: Final = "wallet.overpayment_returned"
# overpayment_id, person_id, number, amount_twd, account, failure_code: the bank could not send it; it is open again
OVERPAYMENT_NOT_RETURNED: Final = "wallet.overpayment_not_returned"
# request_id, bill_id, person_id, amount_twd, refusal (the bureau's code)
INSTALMENTS_REFUSED: Final = "wallet.instalments_refused"
# Every fact about an instalment plan: plan_id, bill_id (of the whole fine), person_ids[] (whose fine it is), amount_twd
# (of the whole fine), parts (how many).
# and first_twd, first_due_on: the bureau has granted it
INSTALMENTS_GRANTED: Final = "wallet.instalments_granted"
# and part, part_bill_id, part_twd, due_on: the bureau has put a part off until then
INSTALMENT_DELAYED: Final = "wallet.instalment_delayed"
# and part, part_bill_id, part_twd, left_twd, next_due_on (null: no other part is to come): one more missed part ends it
INSTALMENT_MISSED: Final = "wallet.instalment_missed"
# every part is paid, and so is the fine
INSTALMENTS_COMPLETED: Final = "wallet.instalments_completed"
# and left_twd: too many parts were missed, and what is left is owed at once
INSTALMENTS_ENDED: Final = "wallet.instalments_ended"
# payment_id, person_id, rail, how ("returned" | "charged_back"), reason, total_twd, points_pt, undone_at,
# bills[{bill_id, bureau, number, kind, amount_twd}]: the money that counted as paid did not come, or was taken back
PAYMENT_UNDONE: Final = "wallet.payment_undone"
# As payment_undone, with restored_at: the money that had been taken back has come again
PAYMENT_RESTORED: Final = "wallet.payment_restored"
# payment_id, kind ("missing_ours" | "amount"), rail, ours_twd, theirs_twd, status
PAYMENT_DISAGREES: Final = "wallet.payment_disagrees"
# message_id: the card processor has told us something; it is proven and written down
PROCESSOR_NOTICE: Final = "wallet.processor_notice"
# source, file_id or break_id (the other null), kind of break, number of breaks, amount_twd in question
BREAK_OPENED: Final = "wallet.break_opened"
# account, number of things that are late there, amount_twd, oldest_on
IN_TRANSIT_OVERDUE: Final = "wallet.in_transit_overdue"
# Every fact about a dispute: dispute_id, payment_id, person_id, status, reason, amount_twd, total_twd, bills[]
DISPUTE_OPENED: Final = "wallet.dispute_opened"
# and status "won" | "lost" | "accepted"
DISPUTE_CLOSED: Final = "wallet.dispute_closed"
