"""Imported by the process from which the others are forked, and by no other: it ends when the supervisor is killed, and
what was forked from it ends with it (`api.supervisor`)."""

from __future__ import annotations

import ctypes
import signal

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
