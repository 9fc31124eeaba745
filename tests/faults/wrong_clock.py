"""A Celery worker whose clock is wrong: ``python -m tests.faults.wrong_clock SECONDS worker …``, the rest is Celery's.

Only Python's clock is moved. gRPC turns a timeout into a time of day and waits for it in C, by the machine's own clock, so it
is given that one; libfaketime moves both, but not the futexes on which gRPC then waits an hour too long.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import grpc._channel
import time_machine
from celery.__main__ import main

if __name__ == "__main__":
    seconds = float(sys.argv.pop(1))
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True).start()
    grpc._channel.time = SimpleNamespace(
        **{**vars(time), "time": time_machine.escape_hatch.time.time}
    )
    main()
