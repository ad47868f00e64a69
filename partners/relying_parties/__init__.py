"""The sites that people sign in to with us: what we tell them by ourselves."""
