"""CertsError
├── VaultClosed           409: no vault key exists yet for this tenant, environment and purpose
├── NotRestorable         409: the original is gone; a file with exactly that fingerprint is needed
├── WrongOriginal         the opened original is not the certificate that was voted on
├── TrustConfigNotReady   409: not registered yet, or live differs from what was last observed
└── LeaseLost             another worker took the trust config over; stop before the next act
"""

from web.errors import Refusal


class CertsError(Refusal):
    code = "certs"


class VaultClosed(CertsError):
    code = "vault-closed"


class NotRestorable(CertsError):
    code = "not-restorable"


class WrongOriginal(CertsError):
    code = "wrong-original"


class TrustConfigNotReady(CertsError):
    code = "trust-config-not-ready"


class LeaseLost(CertsError):
    code = "lease-lost"
