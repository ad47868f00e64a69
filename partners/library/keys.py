"""The key that the library proves itself with; the city knows its public half."""

from __future__ import annotations

import os
from pathlib import Path

from joserfc.jwk import ECKey

CLIENT_ID = "library-booking"


def key_in(state_dir: Path) -> ECKey:
    """The library's private key, made when there is none yet."""
    path = state_dir / "library" / "key.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(ECKey.generate_key("P-256").as_pem(private=True))
    return ECKey.import_key(path.read_bytes())
