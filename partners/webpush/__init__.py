"""Web push: messages to browsers through the push service that each of them named (RFC 8030, 8291, 8292)."""
