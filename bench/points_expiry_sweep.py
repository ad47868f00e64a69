"""The sweep of `bench.points_expiry`, in a process of its own."""

from __future__ import annotations

import sys

from bench.points_expiry import ENDED
from core import db
from points.expiry import expire_lots


def main() -> None:
    """Expire what is due in the database whose address is given."""
    db.configure(sys.argv[1])
    expire_lots(ENDED)


if __name__ == "__main__":
    main()
