"""The ministry's certificate authority (MOICA): citizen certificates, who holds them, and which are revoked."""
