"""The three places a certificate can have in a trust config, in Google's words, and what it is trusted for."""

from enum import StrEnum


class TrustRole(StrEnum):
    TRUST_ANCHOR = "trust_anchor"
    INTERMEDIATE_CA = "intermediate_ca"
    ALLOWLISTED = "allowlisted_certificate"


class Purpose(StrEnum):
    MTLS_CLIENT = "mtls-client"
    MTLS_SERVER = "mtls-server"


CA_ROLES = frozenset({TrustRole.TRUST_ANCHOR, TrustRole.INTERMEDIATE_CA})
EKU_OF_PURPOSE = {
    Purpose.MTLS_CLIENT: ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    Purpose.MTLS_SERVER: ("1.3.6.1.5.5.7.3.1", "serverAuth"),
}
