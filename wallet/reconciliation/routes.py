"""Every route of reconciliation."""

from __future__ import annotations

from wallet.reconciliation import break_routes, file_routes, ledger_routes

ROUTES = (break_routes.routes, file_routes.routes, ledger_routes.routes)
