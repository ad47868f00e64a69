"""What finance officers look at: the money of today, what needs somebody now, and one payment by its exact name.

From outside may be called: its routes. Nothing here changes anything; what an officer does is done by the use cases of
payments, refunds, disputes and reconciliation. A citizen's data is never listed here by person.
"""
