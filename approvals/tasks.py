"""Jobs of this app. Each handler takes one id and makes one call into a flow."""

from datetime import timedelta

from approvals.flows import look_again, wake
from approvals.flows import publish as publish_flow
from approvals.flows import validate as validate_flow
from jobs.registry import handles


@handles("validate_change")
def validate_change(subject_id: str) -> None:
    validate_flow.validate(change_id=int(subject_id))


@handles("publish")
def publish(subject_id: str) -> None:
    publish_flow.publish(trust_config_id=subject_id)


@handles("wake_trust_configs", every=timedelta(seconds=30))
def wake_trust_configs(_subject_id: str) -> None:
    wake.wake_trust_configs()


@handles("look_again")
def look_again_at(subject_id: str) -> None:
    look_again.look(trust_config_id=subject_id)
