"""Adyen, the card processor: cards, Apple Pay and Google Pay through its Checkout interface, version 72."""
