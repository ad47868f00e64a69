"""Accounts elsewhere that sign people in (OpenID Connect): LINE, Google, Apple, and the mobile ID of the state."""
