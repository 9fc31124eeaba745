"""Will this client get in? What Google's load balancer is predicted to answer, in its documented order (Mutual TLS overview).

The allowlist comes first, then the rules for the client's certificate, then path building with
``cryptography.x509.verification``, then the rules for the path. Whether the client holds its key is not asked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from pki.catalogue_outcomes import OUTCOMES
from pki.certificate import parse, sha256_fingerprint
from pki.chain import MAXIMAL_DEPTH, MAXIMAL_EVALUATIONS
from pki.errors import PkiError
from pki.facts import CertificateFacts
from pki.google_rules import (
    ACCEPTED_CURVES,
    FORBIDDEN_USAGES,
    MAXIMAL_RSA_BITS,
    MINIMAL_RSA_BITS,
    is_accepted_signature,
)
from pki.limits import MAXIMAL_NAME_CONSTRAINTS
from pki.names import common_name
from pki.roles import EKU_OF_PURPOSE, Purpose
from pki.trust_store import TrustStore, issuer_of, subject_of

MAXIMAL_SENT = 11  # the client's own and ten intermediates
_DER = Encoding.DER


def _is_authority(
    _policy: verification.Policy, _certificate: x509.Certificate, constraints: x509.BasicConstraints
) -> None:
    if not constraints.ca:
        raise ValueError("a certificate on the path is no CA")


def _may_sign(
    _policy: verification.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("a CA on the path may not sign certificates")


# Words of ``cryptography`` for what it does not judge although RFC 5280 allows it.
_BEYOND_US = ("unsupported", "unaccounted-for", "must be UtcTime")
_AGNOSTIC = verification.Criticality.AGNOSTIC
# What RFC 5280 asks of a CA. That a critical policy extension is there does not refuse it: Google evaluates no policies.
_CA_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, _AGNOSTIC, _is_authority)
    .may_be_present(x509.KeyUsage, _AGNOSTIC, _may_sign)
    .may_be_present(x509.PolicyConstraints, _AGNOSTIC, None)
    .may_be_present(x509.InhibitAnyPolicy, _AGNOSTIC, None)
)
_END_ENTITY_POLICY = verification.ExtensionPolicy.permit_all()


@dataclass(frozen=True)
class Verdict:
    """``code`` is of :mod:`pki.catalogue_outcomes`; ``path`` are fingerprints from the client to its trust anchor."""

    code: str
    evidence: dict[str, str] = field(default_factory=dict, hash=False, compare=False)
    path: tuple[str, ...] = ()

    @property
    def is_accepted(self) -> bool:
        return self.code.startswith("SIM-OK")

    @property
    def is_unsure(self) -> bool:
        """Whether nothing can be predicted: the answer is Google's alone."""
        return self.code.startswith("SIM-UNSURE")

    @property
    def error(self) -> str:
        """Google's ``client_cert_error``, empty for an accepted client and where nothing can be predicted."""
        return OUTCOMES[self.code].error


def simulate(
    trust_store: TrustStore, client_chain: Sequence[bytes], *, purpose: Purpose, at: datetime
) -> Verdict:
    """The predicted answer to a client that presents this chain (DER, its own certificate first) at an instant."""
    if not client_chain:
        return Verdict("SIM-NO-01")
    if trust_store.is_empty:
        return Verdict("SIM-NO-02")
    if sha256_fingerprint(client_chain[0]) in trust_store.allowlisted:
        return Verdict("SIM-OK-01", path=(sha256_fingerprint(client_chain[0]),))
    if len(client_chain) > MAXIMAL_SENT:
        return Verdict("SIM-NO-04", {"count": str(len(client_chain)), "limit": str(MAXIMAL_SENT)})
    try:
        facts = parse(client_chain[0]).facts
        sent = [x509.load_der_x509_certificate(parse(der).der) for der in client_chain]
    except (PkiError, ValueError) as error:
        return Verdict("SIM-NO-03", {"detail": type(error).__name__})
    return _client(facts, purpose, at) or _paths(trust_store, sent, purpose, at)


def find_path(
    trust_store: TrustStore,
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    *,
    at: datetime,
    without: frozenset[bytes] = frozenset(),
) -> list[x509.Certificate]:
    """A path from the leaf to a trust anchor that holds by RFC 5280: no extended key usages, no rules of Google's.

    The verifier is the one for clients; with these extension policies it asks for nothing that backends do not have.

    :raises cryptography.x509.verification.VerificationError: when there is none.
    """
    store = trust_store.store(without)
    if store is None:
        raise verification.VerificationError("no trust anchor")
    builder = (
        verification.PolicyBuilder()
        .store(store)
        .time(at.replace(tzinfo=None))
        .max_chain_depth(MAXIMAL_DEPTH - 2)
    )
    builder = builder.extension_policies(ca_policy=_CA_POLICY, ee_policy=_END_ENTITY_POLICY)
    return builder.build_client_verifier().verify(leaf, list(intermediates)).chain


def _paths(
    trust_store: TrustStore, sent: Sequence[x509.Certificate], purpose: Purpose, at: datetime
) -> Verdict:
    """Tries paths until one also keeps Google's rules; the first refusal is the one that is told."""
    leaf = sent[0]
    reached, is_reached, too_many = _reachable(trust_store, leaf, sent[1:])
    if too_many:
        return Verdict("SIM-NO-16", {"limit": str(MAXIMAL_EVALUATIONS)})
    if not is_reached:
        facts = trust_store.facts(leaf)
        if facts.is_self_signed:
            return Verdict("SIM-NO-20")
        return Verdict(
            "SIM-NO-12", {"issuer": common_name(_last_issuer(trust_store, leaf, reached))}
        )
    without: frozenset[bytes] = frozenset()
    refusal: Verdict | None = None
    for _attempt in range(MAXIMAL_EVALUATIONS):
        usable = [
            certificate for certificate in reached if certificate.public_bytes(_DER) not in without
        ]
        try:
            path = find_path(trust_store, leaf, usable, at=at, without=without)
        except verification.VerificationError as error:
            return refusal or _no_path(trust_store, leaf, reached, at, str(error))
        culprit, found = _judge_path(trust_store, path, purpose)
        if culprit is None:
            return found
        refusal = refusal or found
        without |= {culprit.public_bytes(_DER)}
    return refusal or Verdict("SIM-NO-16", {"limit": str(MAXIMAL_EVALUATIONS)})


def _client(facts: CertificateFacts, purpose: Purpose, at: datetime) -> Verdict | None:
    """The rules for the client's own certificate."""
    oid, name = EKU_OF_PURPOSE[purpose]
    if refusal := _key(facts):
        return refusal
    if facts.is_ca:
        return Verdict("SIM-NO-09")
    if oid not in (facts.extended_key_usage or ()):
        return Verdict("SIM-NO-08", {"eku": name})
    if forbidden := [
        usage
        for usage_oid, usage in FORBIDDEN_USAGES.items()
        if usage_oid in (facts.extended_key_usage or ())
    ]:
        return Verdict("SIM-NO-18", {"usages": ", ".join(forbidden)})
    return _dates(facts, at) or _signature(facts)


def _key(facts: CertificateFacts) -> Verdict | None:
    name = common_name(facts.subject)
    if facts.key_algorithm == "RSA":
        is_good = MINIMAL_RSA_BITS <= facts.key_bits <= MAXIMAL_RSA_BITS
        return (
            None if is_good else Verdict("SIM-NO-06", {"name": name, "bits": str(facts.key_bits)})
        )
    if facts.key_algorithm != "ECDSA":
        return Verdict("SIM-NO-05", {"name": name, "key": facts.key_algorithm})
    if facts.key_curve not in ACCEPTED_CURVES or facts.has_explicit_curve:
        return Verdict("SIM-NO-07", {"name": name, "key": facts.key_curve or "?"})
    return None


def _dates(facts: CertificateFacts, at: datetime) -> Verdict | None:
    if facts.not_before <= at <= facts.not_after:
        return None
    evidence = {
        "name": common_name(facts.subject),
        "not_before": f"{facts.not_before:%Y-%m-%d}",
        "not_after": f"{facts.not_after:%Y-%m-%d}",
    }
    return Verdict("SIM-NO-10", evidence)


def _signature(facts: CertificateFacts) -> Verdict | None:
    if is_accepted_signature(facts):
        return None
    return Verdict(
        "SIM-NO-11", {"name": common_name(facts.subject), "algorithm": facts.signature_algorithm}
    )


def _reachable(
    trust_store: TrustStore, leaf: x509.Certificate, sent: Sequence[x509.Certificate]
) -> tuple[list[x509.Certificate], bool, bool]:
    """Intermediates that names lead to, whether they lead to an anchor, and whether they are too many to look at."""
    sent_by_subject: dict[bytes, list[x509.Certificate]] = {}
    for certificate in sent:
        sent_by_subject.setdefault(subject_of(certificate), []).append(certificate)
    names, seen, reached, is_reached = (
        [issuer_of(leaf)],
        set[bytes](),
        list[x509.Certificate](),
        False,
    )
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        is_reached = is_reached or name in trust_store.anchor_subjects
        for certificate in [*trust_store.by_subject.get(name, ()), *sent_by_subject.get(name, ())]:
            reached.append(certificate)
            names.append(issuer_of(certificate))
        if len(reached) > MAXIMAL_EVALUATIONS:
            return reached, is_reached, True
    return reached, is_reached, False


def _last_issuer(
    trust_store: TrustStore, leaf: x509.Certificate, reached: Sequence[x509.Certificate]
) -> str:
    known = {subject_of(certificate) for certificate in reached}
    missing = next(
        (certificate for certificate in [leaf, *reached] if issuer_of(certificate) not in known),
        leaf,
    )
    return trust_store.facts(missing).issuer


def _no_path(
    trust_store: TrustStore,
    leaf: x509.Certificate,
    reached: Sequence[x509.Certificate],
    at: datetime,
    detail: str,
) -> Verdict:
    """Why path building failed, told by a CA on the way that is out of date or has a key that is not accepted."""
    names = {issuer_of(leaf), *(issuer_of(certificate) for certificate in reached)}
    on_the_way = [
        *reached,
        *(anchor for anchor in trust_store.anchors if subject_of(anchor) in names),
    ]
    for certificate in on_the_way:
        facts = trust_store.facts(certificate)
        if refusal := _dates(facts, at) or _key(facts):
            return refusal
    if "max depth" in detail:
        return Verdict("SIM-NO-19", {"limit": str(MAXIMAL_DEPTH)})
    code = "SIM-UNSURE-01" if any(word in detail for word in _BEYOND_US) else "SIM-NO-17"
    return Verdict(code, {"detail": detail.partition("(encountered")[0].strip()[:200]})


def _judge_path(
    trust_store: TrustStore, path: Sequence[x509.Certificate], purpose: Purpose
) -> tuple[x509.Certificate | None, Verdict]:
    """The verdict on a path that holds, with the certificate to try without when Google would not take it."""
    oid, name = EKU_OF_PURPOSE[purpose]
    facts = [trust_store.facts(certificate) for certificate in path]
    for place, one in enumerate(facts[1:], start=1):
        if not one.allows(oid) or (place == 1 and oid not in (one.extended_key_usage or ())):
            return path[place], Verdict(
                "SIM-NO-13", {"name": common_name(one.subject), "eku": name}
            )
    if crowded := next(
        (one for one in facts if one.name_constraint_count > MAXIMAL_NAME_CONSTRAINTS), None
    ):
        return path[facts.index(crowded)], Verdict(
            "SIM-NO-15",
            {"count": str(crowded.name_constraint_count), "limit": str(MAXIMAL_NAME_CONSTRAINTS)},
        )
    for place, (child, issuer) in enumerate(pairwise(facts), start=1):
        refusal = _key(issuer) or (_signature(child) if place > 1 else None)
        if (
            refusal is None
            and child.authority_key_identifier
            and issuer.subject_key_identifier not in {"", child.authority_key_identifier}
        ):
            refusal = Verdict("SIM-NO-14", {"name": common_name(child.subject)})
        if refusal:
            return path[place], refusal
    found = tuple(one.sha256_fingerprint for one in facts)
    return None, Verdict("SIM-OK-02", {"anchor": common_name(facts[-1].subject)}, found)
