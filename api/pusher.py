"""The process that hands messages over to phones: `python -m api.pusher`. Start as many as are needed, anywhere.

It asks the database alone for work, twice a second when there is none: whatever happens to the broker, and however busy
the workers are, pushes go on, and a thread of its own finds whom an emergency is for. What a killed one on this machine
left is settled before anything is taken up.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from api import push_wiring, recovery
from core import clock
from notify import deliveries
from notify.alerts import sending as alerts

_log = logging.getLogger("mykaohsiung.pusher")

LOOPS = 2
_HURRIED_FROM = 5
_IDLE_SECONDS = 0.5
_END_WITHIN_SECONDS = 8.0


def main() -> None:
    """Send until SIGTERM or SIGINT; calls under way are finished first."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log.setLevel(logging.INFO)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    push_wiring.plug_in()
    push_wiring.make_ready()
    recovery.recovered()
    # While the others are busy with batches of a campaign, one looks for receipts and emergencies alone.
    least_urgencies = [_HURRIED_FROM, *[0] * LOOPS]
    loops = [
        threading.Thread(target=_send_on, args=(least, stopping), name=f"loop-{nth}", daemon=True)
        for nth, least in enumerate(least_urgencies)
    ]
    # The workers look for alerts, too; here no campaign's long pass is ever before them.
    loops.append(threading.Thread(target=_tell_on, args=(stopping,), name="alerts", daemon=True))
    for loop in loops:
        loop.start()
    _log.info("ready")
    recovery.go_on_recovering(stopping)
    for loop in loops:
        loop.join(_END_WITHIN_SECONDS)


def _send_on(least_urgency: int, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            taken = deliveries.send_due(clock.now(), least_urgency=least_urgency, stopping=stopping.is_set)
        except Exception as error:
            recovery.report("sending", error)
            taken = 0
            # What could not be committed lies in a journal, and is settled before anything is taken up again.
            while not stopping.wait(_IDLE_SECONDS) and not recovery.recovered():
                pass
        if not taken:
            stopping.wait(_IDLE_SECONDS)


def _tell_on(stopping: threading.Event) -> None:
    while not stopping.wait(_IDLE_SECONDS):
        try:
            alerts.send_due(clock.now())
        except Exception as error:
            recovery.report("telling of alerts", error)


if __name__ == "__main__":
    main()
