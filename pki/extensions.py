"""The extensions of a certificate (RFC 5280 §4.2) as plain values, each read once."""

from typing import NamedTuple, TypeVar

from cryptography import x509

from pki import names
from pki.caps import MAXIMAL_NAMES

_KINDS: dict[type, str] = {
    x509.DNSName: "DNS",
    x509.UniformResourceIdentifier: "URI",
    x509.IPAddress: "IP",
    x509.RFC822Name: "email",
    x509.DirectoryName: "dirName",
    x509.RegisteredID: "RID",
    x509.OtherName: "otherName",
}
_USAGES = (
    ("digitalSignature", "digital_signature"),
    ("nonRepudiation", "content_commitment"),
    ("keyEncipherment", "key_encipherment"),
    ("dataEncipherment", "data_encipherment"),
    ("keyAgreement", "key_agreement"),
    ("keyCertSign", "key_cert_sign"),
    ("cRLSign", "crl_sign"),
)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


class ExtensionFacts(NamedTuple):
    """Shapes are those of :class:`pki.facts.CertificateFacts`."""

    is_ca: bool
    path_length: int | None
    key_usage: tuple[str, ...] | None
    extended_key_usage: tuple[str, ...] | None
    subject_key_identifier: str
    authority_key_identifier: str
    subject_alternative_names: tuple[str, ...]
    uri_byte_count: int
    dns_byte_count: int
    name_constraints: tuple[str, ...]
    name_constraint_count: int
    certificate_policies: tuple[str, ...]
    critical: tuple[str, ...]


def read(extensions: x509.Extensions) -> ExtensionFacts:
    """Forces every extension that is looked at; whatever ``cryptography`` raises for a bad one goes through."""
    values: dict[type, x509.ExtensionType] = {}
    critical = []
    for extension in extensions:
        value = extension.value
        values[type(value)] = value
        if extension.critical:
            critical.append(extension.oid.dotted_string)
    constraints = _get(values, x509.BasicConstraints)
    usage = _get(values, x509.ExtendedKeyUsage)
    subject_key = _get(values, x509.SubjectKeyIdentifier)
    authority_key = _get(values, x509.AuthorityKeyIdentifier)
    policies = _get(values, x509.CertificatePolicies)
    alternatives = list(_get(values, x509.SubjectAlternativeName) or ())
    limits = _name_constraints(_get(values, x509.NameConstraints))
    return ExtensionFacts(
        is_ca=bool(constraints and constraints.ca),
        path_length=constraints.path_length if constraints else None,
        key_usage=_key_usage(_get(values, x509.KeyUsage)),
        extended_key_usage=None if usage is None else tuple(oid.dotted_string for oid in usage),
        subject_key_identifier=subject_key.digest.hex() if subject_key else "",
        authority_key_identifier=authority_key.key_identifier.hex()
        if authority_key and authority_key.key_identifier
        else "",
        subject_alternative_names=_shown(alternatives, MAXIMAL_NAMES),
        uri_byte_count=sum(
            len(name.value)
            for name in alternatives
            if isinstance(name, x509.UniformResourceIdentifier)
        ),
        dns_byte_count=sum(
            len(name.value) for name in alternatives if isinstance(name, x509.DNSName)
        ),
        name_constraints=limits[:MAXIMAL_NAMES],
        name_constraint_count=len(limits),
        certificate_policies=tuple(
            policy.policy_identifier.dotted_string for policy in policies or ()
        )[:MAXIMAL_NAMES],
        critical=tuple(critical),
    )


def _get(values: dict[type, x509.ExtensionType], kind: type[Extension]) -> Extension | None:
    found = values.get(kind)
    return found if isinstance(found, kind) else None


def _key_usage(usage: x509.KeyUsage | None) -> tuple[str, ...] | None:
    return (
        None
        if usage is None
        else tuple(name for name, attribute in _USAGES if getattr(usage, attribute))
    )


def _shown(alternatives: list[x509.GeneralName], limit: int) -> tuple[str, ...]:
    """Each as ``kind:value``; what lies beyond the limit is counted in a last entry."""
    shown = [_text(name) for name in alternatives[:limit]]
    rest = len(alternatives) - len(shown)
    return (*shown, f"+{rest}") if rest else tuple(shown)


def _text(name: x509.GeneralName) -> str:
    value = name.value
    if isinstance(name, x509.DirectoryName):
        value = value.rfc4514_string()
    elif isinstance(name, x509.RegisteredID):
        value = value.dotted_string
    elif isinstance(name, x509.OtherName):
        value = name.type_id.dotted_string
    return f"{_KINDS.get(type(name), type(name).__name__)}:{names.safe(str(value), 255)}"


def _name_constraints(constraints: x509.NameConstraints | None) -> tuple[str, ...]:
    if constraints is None:
        return ()
    permitted = [f"permitted {_text(name)}" for name in constraints.permitted_subtrees or ()]
    return (
        *permitted,
        *(f"excluded {_text(name)}" for name in constraints.excluded_subtrees or ()),
    )
