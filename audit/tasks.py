from datetime import timedelta

from audit import anonymous
from jobs.registry import handles


@handles("record_anonymous_refusals", every=timedelta(seconds=60))
def record_anonymous_refusals(_subject_id: str) -> None:
    anonymous.record_finished_minutes()
