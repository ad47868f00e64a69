"""Every route of the wallet, in the order in which the documentation shows them."""

from __future__ import annotations

from wallet import (
    adyen_webhook_routes,
    automatic_debit_routes,
    bank_link_routes,
    bill_batch_routes,
    bill_routes,
    bureau_notice_routes,
    card_routes,
    closed_day_routes,
    collection_routes,
    dispute_routes,
    instalment_routes,
    overpayment_routes,
    payment_event_routes,
    payment_routes,
    receipt_routes,
    refund_routes,
    saving_routes,
    slip_routes,
    statement_routes,
    status_file_routes,
    verify_routes,
    webhook_routes,
)
from wallet.finance.routes import routes as finance
from wallet.reconciliation.routes import ROUTES as RECONCILIATION

ROUTES = (
    bill_routes.routes,
    bank_link_routes.routes,
    automatic_debit_routes.routes,
    card_routes.routes,
    instalment_routes.routes,
    payment_routes.routes,
    slip_routes.routes,
    overpayment_routes.routes,
    receipt_routes.routes,
    verify_routes.routes,
    statement_routes.routes,
    refund_routes.routes,
    payment_event_routes.routes,
    dispute_routes.routes,
    bill_batch_routes.routes,
    collection_routes.routes,
    bureau_notice_routes.routes,
    status_file_routes.routes,
    saving_routes.routes,
    webhook_routes.routes,
    adyen_webhook_routes.routes,
    closed_day_routes.routes,
    finance,
    *RECONCILIATION,
)
