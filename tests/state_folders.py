"""Where the tests keep the databases that they make: in memory where there is plenty, so that no test waits for a disk.

What is killed there survives as it would on a disk; only the machine's own end would not be survived.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_MEMORY = Path("/dev/shm")
_PLENTY_BYTES = 6 << 30


def _parent() -> Path:
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _PLENTY_BYTES:
        return _MEMORY
    return Path("/var/tmp")


STATE_PARENT: Final = _parent()
