"""What our own tables say each line should be: one piece of SQL that both matching and the search for late ones use."""

from __future__ import annotations

from typing import Final

# States in which a payment's money has come, whatever became of it later.
PAID: Final = "('captured', 'provisional', 'refunded', 'charged_back', 'returned')"
UNDECIDED: Final = "('debiting', 'unknown', 'action_required')"
MONEY_OF_PAYMENT: Final = "(p.amount_twd + p.fee_twd - p.points_pt)"
# Of a bill's part `t` that was taken back, what was money.
TAKEN: Final = "(t.amount_twd - t.points_pt + t.fee_twd)"
CLEARING: Final = """
    CASE WHEN {rail} = 'bank_of_kaohsiung' THEN 'bank_clearing:bank_of_kaohsiung'
         WHEN {rail} = 'ach' THEN 'ach_clearing'
         WHEN {rail} IN ('card', 'apple_pay', 'google_pay') THEN 'adyen_clearing'
         WHEN {rail} IN ('jkopay', 'line_pay') THEN 'ewallet_clearing:' || {rail} END
"""
# One sending of a refund, by its reference at the rail: whether it was done, and whether it came back later.
REFUND: Final = f"""
    SELECT a.id, q.rail, f.status, f.completed_at, f.amount_twd - f.points_pt + f.fee_twd AS money_twd,
           (f.status = 'completed' AND a.number = f.attempt) OR b.came_back AS is_done, b.came_back,
           CASE WHEN a.bank_link_id IS NOT NULL THEN 'bank_clearing:bank_of_kaohsiung'
                ELSE {CLEARING.format(rail="q.rail")} END AS account
      FROM wallet.refund_attempt a
      JOIN wallet.refund f ON f.id = a.refund_id
      JOIN wallet.payment q ON q.id = f.payment_id
     CROSS JOIN LATERAL (
        SELECT a.failure_code IS NOT NULL AND EXISTS (
            SELECT FROM wallet.state_change
             WHERE subject = f.id AND machine = 'refund' AND source = 'completed') AS came_back) b
"""  # noqa: S608
STORE_CLEARING: Final = "CASE {channel} WHEN 'TWQR' THEN 'twqr_clearing' ELSE 'store_clearing:' || {channel} END"
BOOKED_ON: Final = "(p.booked_at AT TIME ZONE 'Asia/Taipei')::date"

SUBJECT: Final = "coalesce(s.subject_id, o.id, k.id)"
# For a line `s`, joined below: NT$ as they should be, signed as the line's; NULL where there is nothing of ours.
OURS: Final = f"""
    CASE
        WHEN adjusted.id IS NOT NULL THEN NULL
        WHEN s.kind = 'transfer' THEN o.amount_twd
        WHEN s.kind = 'collection' THEN k.amount_twd + k.fee_twd
        WHEN s.kind IN ('refund', 'refund_reversed') THEN
            CASE WHEN v.return_id IS NOT NULL THEN -v.amount_twd
                 WHEN s.kind = 'refund' AND r.is_done THEN -r.money_twd
                 WHEN s.kind = 'refund_reversed' AND r.came_back THEN r.money_twd END
        WHEN NOT p.rail = ANY(:rails) THEN NULL
        WHEN s.kind = 'payment' AND p.status IN {PAID} THEN {MONEY_OF_PAYMENT}
        WHEN s.kind = 'return' THEN -d.returned_twd
        WHEN s.kind = 'chargeback' THEN -d.charged_back_twd
        WHEN s.kind = 'second_chargeback' THEN -d.charged_back_again_twd
        WHEN s.kind = 'chargeback_reversed' THEN d.came_again_twd
    END
"""
ACCOUNT: Final = f"""
    CASE WHEN s.kind = 'transfer' THEN 'bank_in_transit:' || o.source
         WHEN s.kind = 'collection' THEN {STORE_CLEARING.format(channel="s.channel")}
         WHEN v.return_id IS NOT NULL THEN 'bank_clearing:bank_of_kaohsiung'
         WHEN s.kind IN ('refund', 'refund_reversed') THEN r.account
         ELSE {CLEARING.format(rail="p.rail")} END
"""
JOINS: Final = f"""
    LEFT JOIN wallet.payment p ON p.id = s.subject_id AND s.kind IN ('payment', 'return', 'chargeback',
                                                                  'second_chargeback', 'chargeback_reversed')
    LEFT JOIN LATERAL (
        {REFUND} WHERE a.id = s.subject_id AND s.kind IN ('refund', 'refund_reversed')
    ) r ON true
    LEFT JOIN wallet.overpayment v ON v.return_id = s.subject_id AND s.kind = 'refund' AND v.status = 'returned'
    LEFT JOIN LATERAL (
        SELECT nullif(sum({TAKEN}) FILTER (WHERE t.how = 'returned'), 0)::bigint AS returned_twd,
               nullif(sum({TAKEN}) FILTER (WHERE t.how = 'charged_back' AND t.nth = 1), 0)::bigint AS charged_back_twd,
               nullif(sum({TAKEN}) FILTER (WHERE t.how = 'charged_back' AND t.nth = 2), 0)::bigint
                   AS charged_back_again_twd,
               nullif(sum({TAKEN}) FILTER (WHERE t.how = 'charged_back' AND t.nth = 1 AND t.restored_at IS NOT NULL),
                      0)::bigint AS came_again_twd
          FROM wallet.taken_back t
         WHERE t.payment_id = p.id
           AND s.kind IN ('return', 'chargeback', 'second_chargeback', 'chargeback_reversed')
    ) d ON true
    LEFT JOIN wallet.payout o ON o.reference = s.our_reference AND s.kind = 'transfer'
    LEFT JOIN wallet.collection_line k
           ON k.channel = s.channel AND k.reference = s.their_reference AND k.state = 'collected'
          AND s.kind = 'collection'
    LEFT JOIN wallet.reconciliation_break adjusted
           ON adjusted.subject_id = {SUBJECT} AND adjusted.closed_by = 'adjustment'
          AND adjusted.kind = 'missing_theirs' AND adjusted.cause = 'no_line'
"""  # noqa: S608
