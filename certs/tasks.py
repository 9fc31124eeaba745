"""Jobs of this app. Each handler takes one id and makes one call into a flow."""

from datetime import timedelta

from certs.enforcement import checks as enforcement_checks
from certs.golden_clients import trials as golden_trials
from certs.trust_configs import create, register
from certs.vault import keys as vault
from jobs.registry import handles


@handles("register_trust_config")
def register_trust_config(subject_id: str) -> None:
    register.read_first(trust_config_id=subject_id)


@handles("create_trust_config")
def create_trust_config(subject_id: str) -> None:
    create.create(trust_config_id=subject_id)


@handles("probe_endpoint")
def probe_endpoint(subject_id: str) -> None:
    enforcement_checks.probe_endpoint(trust_config_id=subject_id)


@handles("probe_endpoints", every=timedelta(hours=1))
def probe_endpoints(_subject_id: str) -> None:
    enforcement_checks.probe_endpoints()


@handles("make_vault_key")
def make_vault_key(subject_id: str) -> None:
    tenant_id, environment_id, purpose = subject_id.split(":")
    vault.make_vault_key(
        tenant_id=int(tenant_id), environment_id=int(environment_id), purpose=purpose
    )


@handles("make_vault_keys_ahead", every=timedelta(hours=6))
def make_vault_keys_ahead(_subject_id: str) -> None:
    vault.make_vault_keys_ahead()


@handles("make_missing_vault_keys", every=timedelta(minutes=1))
def make_missing_vault_keys(_subject_id: str) -> None:
    vault.make_missing_vault_keys()


@handles("forget_sealed", every=timedelta(hours=1))
def forget_sealed(_subject_id: str) -> None:
    vault.forget_sealed()


@handles("try_golden_clients")
def try_golden_clients(subject_id: str) -> None:
    golden_trials.try_clients(trust_config_id=subject_id)


@handles("try_golden_clients_everywhere", every=timedelta(hours=6))
def try_golden_clients_everywhere(_subject_id: str) -> None:
    golden_trials.try_everywhere()
