"""A process that is asked to stop does so, whichever of its threads the kernel tells."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import signal, threading, time
from core.stopping import wake_main_thread_on_signals
{call}
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
def elsewhere():
    time.sleep(0.2)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)
threading.Thread(target=elsewhere, daemon=True).start()
stop.wait()
print("stopped")
"""


def test_the_main_thread_hears_of_a_signal_that_another_thread_was_given() -> None:
    program = PROGRAM.format(call="wake_main_thread_on_signals()")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
