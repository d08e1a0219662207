"""The leash: a crawl that `scrapy watch` started ends when that is gone, however it went.

Standard input of such a crawl is a pipe that only the watch holds, and that the system closes with it.
"""

import math
import os
import signal
import threading
import time

STANDARD_INPUT = 0
GRACE_SECONDS = 60
"""A crawl that is asked to end has so long for what it has begun; then it is killed, which loses nothing."""


def hold(seconds: float) -> None:
    """Have this process end in good order when its standard input is closed, and in any case after so long."""
    signal.alarm(math.ceil(seconds))  # the system's: it also ends a process that does not come to hear of anything
    threading.Thread(target=follow, name="leash", daemon=True).start()


def follow() -> None:
    """Wait for the end of standard input, and end."""
    while os.read(STANDARD_INPUT, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
