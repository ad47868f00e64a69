"""The ways to a person's devices: how each channel is written to, when it is closed, what it costs, what comes back.

Must never happen here: a call outside with a transaction open, a thread that sleeps until a provider is ready, money
spent that no budget holds.
"""
