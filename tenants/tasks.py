"""Jobs about people."""

from datetime import timedelta

from jobs.registry import handles
from tenants.flows import forgetting


@handles("forget_sign_ins", every=timedelta(days=1))
def forget_sign_ins(_subject_id: str) -> None:
    forgetting.forget_sign_ins()
