"""Emergencies: CAP alerts, who stands inside their areas, and telling exactly them, whatever else they have set.

May be called from outside: the routes, `SWEEPS` of `tasks.py`, `intake.receive` for a document, `sending.send_due`
and `positions` for where a device is.

Must never happen here: an alert sent on one person's word without a trusted signature; a subscription, a cap or quiet
hours asked about; a correction that waits for a second person.
"""
