"""Riders: what somebody needs of a vehicle, and which rides the city's rules let them book.

From outside: `profile.of`, `eligibility.require`, and `eligibility.refresh` (asks the register; no transaction open).
What the register knows of an illness never comes here: it answers yes or no, the severity on the card, and whether a
wheelchair is needed. `eligibility_papers` is decided by people at a desk.
"""
