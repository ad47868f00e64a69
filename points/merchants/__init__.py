"""Merchants: who they are, how it was proven, their branches, staff and offers, and how they are paid.

Must never happen here: a merchant paid twice or not at all for a redeemed point, an account paid that nobody proved,
a merchant approved by one person alone, an offer sold oftener than there was stock.
"""
