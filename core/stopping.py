"""Stopping at once when asked to, in a process whose other threads are not Python's."""

from __future__ import annotations

import os
import signal
import threading


def wake_main_thread_on_signals() -> None:
    """From now on a signal interrupts the main thread, whichever thread the kernel gives it to.

    Python runs signal handlers in the main thread alone, and only when it wakes up. Where that thread waits for a lock
    and the kernel hands SIGTERM to a thread of the server's runtime, nobody would notice, and the server would be
    killed after its grace period. To be called in the main thread.
    """
    main = threading.main_thread().ident
    assert main is not None and threading.get_ident() == main
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def pass_on() -> None:
        (number,) = os.read(reading, 1)
        signal.pthread_kill(main, number)

    threading.Thread(target=pass_on, name="wake-the-main-thread", daemon=True).start()
