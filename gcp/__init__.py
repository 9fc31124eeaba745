"""Google Cloud behind three interfaces. ``clients()`` builds the real ones, once in each process and after its fork."""

import os

from gcp.interfaces import Clients

_built: dict[tuple[int, str, float], Clients] = {}


def clients() -> Clients:
    """The clients that settings name. Heavy imports are deferred on purpose: only workers pay for them."""
    from django.conf import settings

    from gcp.kms import KmsKeyWrapping
    from gcp.trust_configs import CertificateManagerTrustConfigs

    timeout = float(settings.RPC_TIMEOUT_SECONDS)
    key = (os.getpid(), settings.GCP_ENDPOINT, timeout)
    if key not in _built:
        _built[key] = Clients(
            CertificateManagerTrustConfigs(settings.GCP_ENDPOINT, timeout),
            KmsKeyWrapping(settings.GCP_ENDPOINT, timeout),
        )
    return _built[key]
