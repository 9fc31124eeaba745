"""Signatures among certificates at hand: X509-SIG-02 is due when one of the issuer's name and key identifier did not make it."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pki.certificate import ParsedCertificate, parse
from pki.signatures import judge_signatures
from tests.certificates import Made, make, make_ca, rsa_key


def _codes(added: list[ParsedCertificate], at_hand: list[ParsedCertificate]) -> list[str]:
    known = {certificate.facts.sha256_fingerprint: certificate for certificate in at_hand}
    return [finding.code for finding in judge_signatures(added, known)]


def _damaged(made: Made) -> ParsedCertificate:
    """The last byte of the signature is another one."""
    return parse(made.der[:-1] + bytes([made.der[-1] ^ 1]))


def test_a_signature_by_the_issuer_at_hand_holds() -> None:
    root = make_ca()
    assert _codes([root.parsed, make(issuer=root).parsed], [root.parsed]) == []


def test_a_signature_that_the_issuer_at_hand_did_not_make_is_told() -> None:
    root = make_ca(key=rsa_key())
    assert _codes([_damaged(make(issuer=root))], [root.parsed]) == ["X509-SIG-02"]


def test_a_self_signature_that_is_broken_is_told() -> None:
    damaged = _damaged(make_ca(key=rsa_key()))
    assert _codes([damaged], [damaged]) == ["X509-SIG-02"]


def test_a_policy_wants_a_signature_by_an_allowed_key_and_not_only_the_name() -> None:
    """The issuer's name and key identifier can be copied by anybody; its signature cannot."""
    from pki.policy import Policy

    real, forger = make_ca("Corp Root"), make_ca("Corp Root")
    policy = Policy(issuers=(f"spki:{real.parsed.facts.spki_sha256}",))
    aki = x509.AuthorityKeyIdentifier(
        bytes.fromhex(real.parsed.facts.subject_key_identifier), None, None
    )
    forged = make(issuer=Made(real.certificate, forger.key), key_ids=False, extra=[aki]).parsed
    known = {one.facts.sha256_fingerprint: one for one in (real.parsed, forger.parsed)}
    assert [finding.code for finding in judge_signatures([forged], known, [policy])] == [
        "X509-SIG-02",
        "POL-ISSUER-01",
    ]
    assert [finding.code for finding in judge_signatures([forged], {}, [policy])] == [
        "POL-ISSUER-01"
    ]
    assert judge_signatures([make(issuer=real).parsed], known, [policy]) == []


def test_many_certificates_of_one_name_cost_no_more_than_the_caps() -> None:
    import time

    crowd = [make_ca("One Name", key_ids=False).parsed for _ in range(120)]
    leaves = [
        make(
            f"leaf {number}",
            issuer=Made(make_ca("One Name").certificate, make_ca().key),
            key_ids=False,
        ).parsed
        for number in range(120)
    ]
    start = time.process_time()
    judge_signatures([*crowd, *leaves], {})
    assert time.process_time() - start < 2


def test_nothing_is_said_when_the_issuer_is_not_at_hand() -> None:
    root = make_ca(key=rsa_key())
    assert _codes([_damaged(make(issuer=root))], []) == []


def test_a_signature_that_cannot_be_verified_here_is_not_called_broken() -> None:
    root = make_ca(key=rsa_key(), hash_algorithm=hashes.SHA512())
    assert _codes([root.parsed], [root.parsed]) == []
    unknown = parse(
        make().der.replace(
            bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a811ccf55018375")
        )
    )
    assert _codes([unknown], [unknown]) == []
