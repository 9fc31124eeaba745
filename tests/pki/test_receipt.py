"""What people paste: receipts of every shape, and keys where no key may stand."""

import base64
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.utils import timezone

from approvals.deciding import prove
from approvals.errors import BadChange
from approvals.models import Proof
from audit.models import AuditEvent
from certs.models import TrustConfig
from pki.receipt import write
from tenants.flows import windows
from tests.certificates import make, make_ca
from tests.world import World


def _values(**more: Any) -> Any:
    return {
        "url": "https://h/",
        "outcome": "accepted",
        "detail": "",
        "at": timezone.now().isoformat(),
        "server_sha256": "",
        "told": {},
    } | more


def _receipt(world: World, certificate_ders: Any, at: Any = None, **more: Any) -> Any:
    body = {
        "url": "https://h/",
        "outcome": "accepted",
        "detail": "",
        "server_sha256": "",
        "told": {},
        "kind": "countersign-probe/1",
    }
    body |= {
        "at": (at or timezone.now()).isoformat(),
        "chain": [base64.b64encode(d).decode() for d in certificate_ders],
        "signature": "AAAA",
    }
    return json.dumps({**body, **more})


def _sm2_der() -> Any:
    made = make("sm2")
    der = made.der
    return der.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a811ccf5501822d"))


def _odd_key_der() -> Any:
    """an unknown key algorithm: id-ecPublicKey with its last arc changed"""
    return make("odd").der.replace(
        bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0207")
    )


def _small_rsa(folder: Any) -> Any:
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:512",
        "-nodes",
        "-subj",
        "/CN=s",
        "-outform",
        "DER",
    ]
    subprocess.run(
        [*new, "-keyout", folder / "key", "-out", folder / "der"], check=True, capture_output=True
    )
    return (folder / "der").read_bytes()


def _odd_signature_der() -> Any:
    made = make("oddsig")
    return made.der.replace(
        bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d04030f")
    )


@pytest.mark.parametrize("what", ["sm2", "odd", "small", "oddsig"])
def test_a_receipt_of_an_odd_certificate_is_refused_kindly(
    world: World, what: Any, tmp_path: Path
) -> None:
    change = world.applied(make("c"))
    der = {
        "sm2": _sm2_der,
        "odd": _odd_key_der,
        "small": lambda: _small_rsa(tmp_path),
        "oddsig": _odd_signature_der,
    }[what]()
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            number=change.number,
            receipt=_receipt(world, [der]),
        )


def test_a_receipt_whose_chain_is_signed_oddly_is_refused_kindly(world: World) -> None:

    c = make("c")
    change = world.applied(c)
    odd = x509.load_der_x509_certificate(_odd_signature_der())
    other = make("other")
    issued = make("issued", issuer=make_ca("iss"))
    text = write(_values(), [other.certificate, odd, issued.certificate], other.key)
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, receipt=text
        )


def test_a_receipt_with_nul_is_refused_kindly(world: World) -> None:

    c = make("c")
    change = world.applied(c)
    TrustConfig.objects.update(enforcement="reject")
    text = write(_values(detail="a\0b"), [c.certificate], c.key)
    page = world.page("sam")
    page.post(f"/t/payments/changes/{change.number}/prove/", {"receipt": text})

    assert "\0" not in Proof.objects.get().detail


def test_one_probe_is_one_proof(world: World) -> None:

    c = make("c")
    change = world.applied(c)
    TrustConfig.objects.update(enforcement="reject")
    text = write(_values(), [c.certificate], c.key)
    prove.prove(
        actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, receipt=text
    )
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            number=change.number,
            receipt=json.dumps(json.loads(text)),
        )
    assert Proof.objects.count() == 1


def test_a_key_pasted_for_a_receipt_is_not_shown_again(world: World) -> None:
    c = make("c")
    change = world.applied(c)
    page = world.page("sam")
    response = page.post(
        f"/t/payments/changes/{change.number}/prove/", {"receipt": c.key_pem.decode()}
    )
    assert response.status_code == 422
    assert "PRIVATE KEY" not in response.content.decode()


def test_a_key_in_the_reason_of_lifting_a_freeze_is_refused(world: World) -> None:
    key = make("c").key_pem.decode()
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=1),
        reason="x",
    )
    freeze = world.trust_config().environment.freezes.get()
    page = world.page("paula")
    page.post("/environments/dev/", {"act": "lift", "freeze": freeze.pk, "reason": key})
    assert not any(b"PRIVATE KEY" in bytes(e.payload) for e in AuditEvent.objects.all())


def test_a_key_in_the_name_of_a_policy_is_refused(world: World) -> None:

    key = make("c", key=ed25519.Ed25519PrivateKey.generate()).key_pem.decode()
    assert len(key) < 200
    tc = world.trust_config()
    page = world.page("paula")
    page.post(
        f"/t/payments/trust-configs/{tc.pk}/enforcement/",
        {"enforcement": "reject", "policy_name": key},
    )
    assert not any(b"PRIVATE KEY" in bytes(e.payload) for e in AuditEvent.objects.all())
