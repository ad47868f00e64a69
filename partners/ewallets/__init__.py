"""Wallets on the phone (JKOPAY, LINE Pay): reserved by us, agreed to by the payer there, confirmed by us, booked.

One contract for both, ours; each wallet has its own address, its own secret and its own settlement file.
"""
