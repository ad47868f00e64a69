"""Debits at every bank but the city's own, by the clearing house: authorised once, submitted, and returned or
not by the next business day."""
