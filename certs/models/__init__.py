"""What is remembered: certificates as metadata, trust configs and their entries, publications, and sealed originals."""

from certs.models.drift import DriftCase
from certs.models.golden import GoldenClient, Simulation
from certs.models.google import GoogleLocation, GoogleProject
from certs.models.publications import Publication
from certs.models.trust_configs import (
    Certificate,
    Role,
    TrustConfig,
    TrustEntry,
    entries_from_json,
    entries_to_json,
)
from certs.models.vault import SealedCertificate, VaultKey

__all__ = [
    "Certificate",
    "DriftCase",
    "GoldenClient",
    "GoogleLocation",
    "GoogleProject",
    "Publication",
    "Role",
    "SealedCertificate",
    "Simulation",
    "TrustConfig",
    "TrustEntry",
    "VaultKey",
    "entries_from_json",
    "entries_to_json",
]
