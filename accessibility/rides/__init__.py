"""Rides: taken in two phases at one fleet, never at two; changed, cancelled, and lived through on their day.

Others call `choosing.choose`, `saga.drive` and `hearing.heard`. What must never happen: two rides for one request, or
none without its rider being told.
"""
