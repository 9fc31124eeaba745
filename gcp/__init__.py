"""Google Cloud behind three interfaces. ``clients()`` builds the real ones, once in each process and after its fork."""

import os

from gcp.interfaces import Clients

_built: dict[tuple[int, str], Clients] = {}


def clients() -> Clients:
    """The clients that settings name. Heavy imports are deferred on purpose: only workers pay for them."""
    from django.conf import settings

    from gcp.kms import KmsKeyWrapping
    from gcp.trust_configs import CertificateManagerTrustConfigs

    key = (os.getpid(), settings.GCP_ENDPOINT)
    if key not in _built:
        timeout = float(settings.RPC_TIMEOUT_SECONDS)
        _built[key] = Clients(CertificateManagerTrustConfigs(settings.GCP_ENDPOINT, timeout), KmsKeyWrapping(settings.GCP_ENDPOINT, timeout))
    return _built[key]
