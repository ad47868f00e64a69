"""Convenience stores and TWQR: who takes cash (or a bank's app's transfer) for a slip, and reports it by a file."""
