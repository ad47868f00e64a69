"""The telephone company: text messages, and whether a mobile number belongs to a national ID."""
