"""Proof of effect: three facts, load balancers that workers try as untrusted clients, and receipts that clients sign."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from django.test import Client
from django.utils import timezone

from approvals.deciding import prove
from approvals.draft import Removal
from approvals.errors import BadChange
from approvals.models import ChangeRequest, Proof
from audit.models import AuditEvent
from certs.enforcement import checks as enforcement_checks
from certs.enforcement import declare as enforcement
from certs.models import TrustConfig
from client.__main__ import main as countersign
from emulator.faults import Fault
from pages.changes.effect import effect_of
from pki.receipt import BadReceipt, read, write
from tenants.errors import BadValue, NotAllowed
from tests.certificates import Made, make, make_ca, rsa_key
from tests.world import World

AL = "allowlisted_certificate"


POLICY = "projects/demo-dev/locations/global/serverTlsPolicies/gateway"


class Gateway:
    """The emulator's load balancer before the trust config of the test world."""

    def __init__(self, world: World, folder: Path, settings: Any) -> None:
        self.world, self.folder, self.settings = world, folder, settings
        world.applied(make_ca("standing"))
        policy = world.emulator.gateways.put_policy(POLICY, {"trust_config": world.resource()})
        self.endpoint = f"localhost:{policy['port']}"
        (folder / "gateway.pem").write_text(world.emulator.gateways.certificate())
        settings.PROBE_ENDPOINTS, settings.PROBE_CA_FILE = (
            [self.endpoint],
            str(folder / "gateway.pem"),
        )
        self._admin(enforcement.declare_enforcement, enforcement="reject", policy_name=POLICY)
        self._admin(enforcement.name_endpoint, endpoint=self.endpoint)

    def _admin(self, act: Any, **options: Any) -> None:
        act(
            actor=self.world.actor("paula"),
            tenant_id=self.world.tenant().pk,
            trust_config_id=str(self.world.trust_config().pk),
            **options,
        )

    def probe(
        self, client: Made, capsys: Any, *issuers: Made, above: tuple[Made, ...] = ()
    ) -> tuple[int, str]:
        """countersign probe, as a person runs it; its exit status and the receipt."""
        (self.folder / "client.pem").write_bytes(b"".join(one.pem for one in (client, *issuers)))
        (self.folder / "client.key").write_bytes(client.key_pem)
        files = [
            "--cert",
            str(self.folder / "client.pem"),
            "--key",
            str(self.folder / "client.key"),
            "--ca",
            str(self.folder / "gateway.pem"),
        ]
        (self.folder / "above.pem").write_bytes(b"".join(one.pem for one in above))
        files += ["--issuers", str(self.folder / "above.pem")] if above else []
        capsys.readouterr()
        return countersign(
            ["probe", "--url", f"https://{self.endpoint}/", *files]
        ), capsys.readouterr().out


@pytest.fixture
def gateway(world: World, tmp_path: Path, settings: Any) -> Iterator[Gateway]:
    yield Gateway(world, tmp_path, settings)
    world.emulator.gateways.delete_policy(POLICY)


def _prove(world: World, change: ChangeRequest, receipt: str, by: str = "sam") -> None:
    prove.prove(
        actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, receipt=receipt
    )


def test_refused_before_accepted_after_and_the_receipt_proves_the_change(
    world: World, gateway: Gateway, capsys: Any
) -> None:
    client = make("client")
    status, early = gateway.probe(client, capsys)
    assert (status, json.loads(early)["outcome"]) == (1, "refused")
    change = world.applied(client)
    facts = effect_of(change)
    assert [bool(fact.at) for fact in facts] == [True, True, False]
    status, receipt = gateway.probe(client, capsys)
    assert status == 0
    with pytest.raises(BadChange, match="before the write"):
        _prove(world, change, early)
    _prove(world, change, receipt)
    assert [bool(fact.at) for fact in effect_of(change)] == [True, True, True]
    assert AuditEvent.objects.filter(type="change.proven").count() == 1
    with pytest.raises(BadChange, match="already"):
        _prove(world, change, receipt)
    page = Client()
    page.force_login(world.user("ada"))
    told = page.get(f"/t/payments/changes/{change.number}/facts/").json()
    assert [(fact["fact"], bool(fact["at"])) for fact in told["facts"]] == [
        ("written", True),
        ("verified", True),
        ("proven", True),
    ]
    assert told["facts"][0]["evidence"]["operation"]
    assert (told["facts"][2]["evidence"]["client"], told["facts"][2]["note"]) == (
        client.fingerprint,
        "client-reported, signed with the client's key",
    )


def test_a_client_of_an_added_anchor_proves_the_anchor_and_a_removal_is_proven_by_a_refusal(
    world: World, gateway: Gateway, capsys: Any
) -> None:
    from approvals.draft import Removal

    root = make_ca("Root", key=rsa_key())
    middle = make_ca("Middle", issuer=root)
    client = make("client", issuer=middle, key=rsa_key())
    added = world.applied(root)
    with pytest.raises(BadChange, match="--issuers"):
        _prove(world, added, gateway.probe(client, capsys, middle)[1])
    _prove(world, added, gateway.probe(client, capsys, middle, above=(root,))[1])
    assert Proof.objects.get().sha256_fingerprint == root.fingerprint
    removed = world.applied(removed=[Removal(root.fingerprint, "trust_anchor", "retired")])
    _prove(world, removed, gateway.probe(client, capsys, middle, above=(root,))[1])
    assert Proof.objects.get(change=removed).outcome == "refused"


def test_a_receipt_that_says_the_opposite_or_is_of_somebody_else_proves_nothing(
    world: World, gateway: Gateway, capsys: Any
) -> None:
    change = world.applied(make("client"))
    _status, strangers = gateway.probe(make("stranger"), capsys)
    with pytest.raises(BadChange, match="not in this change"):
        _prove(world, change, strangers)
    with pytest.raises(NotAllowed):
        _prove(world, change, strangers, by="rita")
    forged = json.loads(strangers) | {"outcome": "accepted"}
    with pytest.raises(BadChange, match="not signed"):
        _prove(world, change, json.dumps(forged))
    for nonsense in ("", "{}", "[1]", '{"kind": "countersign-probe/1"}', "{" * 30_000):
        with pytest.raises(BadChange, match="no receipt"):
            _prove(world, change, nonsense)


def _receipt(client: Made, **values: Any) -> str:
    base = {
        "url": "https://enforcement.example/",
        "outcome": "accepted",
        "detail": "HTTP 200",
        "at": datetime.now(UTC).isoformat(),
        "server_sha256": "",
        "told": {},
    }
    return write(base | values, [client.certificate], client.key)


def test_where_everybody_is_let_in_only_what_the_backend_echoes_counts(world: World) -> None:
    client = make("client")
    change = world.applied(client)  # the world's policies are declared as ALLOW
    with pytest.raises(BadChange, match="proves nothing"):
        _prove(world, change, _receipt(client))
    with pytest.raises(BadChange, match="opposite"):
        _prove(world, change, _receipt(client, told={"client_cert_chain_verified": False}))
    _prove(world, change, _receipt(client, told={"client_cert_chain_verified": True}))
    with pytest.raises(BadChange, match="future"):
        _prove(
            world, change, _receipt(client, at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
        )


@pytest.mark.parametrize("key", ["rsa", "ec", "ed25519"])
def test_receipts_are_signed_by_every_usual_key(key: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    keys = {"rsa": rsa_key(), "ec": None, "ed25519": ed25519.Ed25519PrivateKey.generate()}
    client = make(key=keys[key])
    text = _receipt(client)
    assert read(text).chain[0].sha256_fingerprint == client.fingerprint
    changed = json.loads(text) | {"detail": "HTTP 201"}
    with pytest.raises(BadReceipt):
        read(json.dumps(changed))


def test_the_gate_is_closed_to_strangers_and_that_proves_no_change(
    world: World, gateway: Gateway
) -> None:
    change = world.applied(make("client"))
    enforcement_checks.probe_endpoint(trust_config_id=str(change.trust_config_id))
    assert (world.trust_config().probe, effect_of(change)[2].at) == ("refused", None)
    world.emulator.gateways.delete_policy(POLICY)
    enforcement_checks.probe_endpoint(trust_config_id=str(change.trust_config_id))
    assert world.trust_config().probe == "unreachable"
    assert (
        list(AuditEvent.objects.filter(type="enforcement.tried").values_list("result", flat=True))
        == ["ok"] * AuditEvent.objects.filter(type="enforcement.tried").count()
    )


def test_an_endpoint_outside_the_allowed_list_is_refused_and_never_knocked_at(
    world: World, gateway: Gateway
) -> None:
    for endpoint in ("169.254.169.254:80", "localhost:22"):
        with pytest.raises(BadValue):
            gateway._admin(enforcement.name_endpoint, endpoint=endpoint)
    gateway.settings.PROBE_ENDPOINTS = []
    before = world.trust_config().probed_at
    enforcement_checks.probe_endpoint(trust_config_id=str(world.trust_config().pk))
    assert world.trust_config().probed_at == before
    with pytest.raises(NotAllowed):
        enforcement.name_endpoint(
            actor=world.actor("tom"),
            tenant_id=world.tenant().pk,
            trust_config_id=str(world.trust_config().pk),
            endpoint="",
        )


def test_the_probe_says_what_is_wrong_with_its_files(tmp_path: Path, capsys: Any) -> None:
    assert (
        countersign(
            [
                "probe",
                "--url",
                "https://localhost:1/",
                "--cert",
                "nowhere.pem",
                "--key",
                "nowhere.key",
            ]
        )
        == 2
    )
    client = make()
    (tmp_path / "c.pem").write_bytes(client.pem)
    (tmp_path / "c.key").write_bytes(client.key_pem)
    files = ["--cert", str(tmp_path / "c.pem"), "--key", str(tmp_path / "c.key")]
    assert countersign(["probe", "--url", "http://localhost/", *files]) == 2
    assert countersign(["probe", "--url", "https://localhost:1/", *files]) == 2
    assert "unreachable" in capsys.readouterr().err
    assert countersign([]) == 2
    assert countersign(["--help"]) == 0
    assert "probe" in capsys.readouterr().out


def test_the_receipts_body_is_kept_nowhere(world: World) -> None:
    client = make("client")
    change = world.applied(client)
    _prove(world, change, _receipt(client, told={"client_cert_chain_verified": True}))
    import base64

    kept = json.dumps(
        [
            [bytes(row).decode() for row in AuditEvent.objects.values_list("payload", flat=True)],
            list(Proof.objects.values()),
        ],
        default=str,
    )
    assert base64.b64encode(client.der).decode() not in kept
    assert isinstance(client.certificate, x509.Certificate)


def test_a_receipt_with_a_forged_issuer_proves_nothing(world: World) -> None:
    from cryptography import x509

    from pki.receipt import write

    root = make_ca("Root")
    change = world.applied(root)
    assert change.state == "applied"
    from datetime import timedelta as td

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key, mine = (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
    now = timezone.now()
    b = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "forged")]))
        .issuer_name(root.certificate.subject)
    )
    b = (
        b.public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now - td(hours=1))
        .not_valid_after(now + td(days=1))
    )
    forged = b.sign(mine, hashes.SHA256())
    text = write(
        {
            "url": "https://nowhere.example/",
            "outcome": "accepted",
            "detail": "HTTP 200",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {"client_cert_chain_verified": True},
        },
        [forged],
        key,
    )
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number, receipt=text
        )


def test_a_receipt_with_a_broken_url_is_refused_kindly(world: World) -> None:
    from pki.receipt import write

    cl = make("cl")
    change = world.applied(cl)
    TrustConfig.objects.filter(pk=change.trust_config_id).update(endpoint="localhost:9443")
    for url in ("https://[x", "https://h:99999999/"):
        text = write(
            {
                "url": url,
                "outcome": "accepted",
                "detail": "",
                "at": timezone.now().isoformat(),
                "server_sha256": "",
                "told": {},
            },
            [cl.certificate],
            cl.key,
        )
        with pytest.raises(BadChange):
            prove.prove(
                actor=world.actor("sam"),
                tenant_id=change.tenant_id,
                number=change.number,
                receipt=text,
            )


def test_no_is_an_answer_too(world: World) -> None:
    from certs.models import GoogleProject

    GoogleProject.objects.filter(project="demo-dev").update(silence_count=3)
    from certs.trust_configs import publishing

    tc = world.trust_config()
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED", times=1))
    with contextlib.suppress(Exception):
        publishing.read_live(tc)
    assert GoogleProject.objects.get(project="demo-dev").silence_count == 0


def test_a_closed_connection_proves_no_removal_where_all_are_let_in(world: World) -> None:
    from pki.receipt import write

    cl = make("cl")
    world.applied(cl, make("k"))
    ch = world.approved(removed=[Removal(cl.fingerprint, AL, "retired")])
    assert ch.trust_config.enforcement == "allow"
    text = write(
        {
            "url": "https://h/",
            "outcome": "refused",
            "detail": "the connection was closed",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {},
        },
        [cl.certificate],
        cl.key,
    )
    with pytest.raises(BadChange):
        prove.prove(
            actor=world.actor("sam"), tenant_id=ch.tenant_id, number=ch.number, receipt=text
        )


@pytest.mark.parametrize(
    ("endpoint", "fits"), [("localhost:9443", True), ("localhost:9999", False)]
)
def test_a_receipt_of_another_endpoint_is_refused(world: World, endpoint: str, fits: bool) -> None:
    trust_config = world.trust_config()
    trust_config.endpoint, trust_config.enforcement = endpoint, "reject"
    receipt = SimpleNamespace(url="https://localhost:9443/", outcome="accepted", told={})
    if fits:
        assert prove._outcome(trust_config, receipt) == "accepted"
    else:
        with pytest.raises(BadChange, match="another endpoint"):
            prove._outcome(trust_config, receipt)
