"""What the wallet does by itself about debits at other banks. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wallet import ach_mandates, ach_returns

# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.take_return_files": (10.0, ach_returns.take_return_files),
    "wallet.check_authorisations": (15.0, ach_mandates.check_due),
    "wallet.tell_of_ended_authorisations": (15.0, ach_mandates.tell_due),
}
