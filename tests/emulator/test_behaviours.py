"""Each behaviour of emulator/behaviours.py, driven through the real Google clients."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import exceptions, operation
from google.api_core.retry import Retry, if_exception_type
from google.cloud import certificate_manager_v1 as cm
from google.cloud import kms_v1
from google.cloud.certificate_manager_v1.services.certificate_manager.transports import (
    CertificateManagerGrpcTransport,
)
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)
from google.rpc import error_details_pb2

from emulator import server
from emulator.behaviours import BEHAVIOURS
from emulator.faults import Fault
from emulator.permissions import IDENTITY
from emulator.switches import switches
from tests.behaviours import behaviour, marked
from tests.certificates import make, make_ca

PARENT = "projects/p/locations/global"
NAME = f"{PARENT}/trustConfigs/a"
KEY = "projects/k/locations/global/keyRings/r/cryptoKeys/key-mtls-client"


class Google:
    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.options = folder, {"operation_seconds": 0, **options}
        self.start()

    def start(self) -> None:
        self.emulator = server.start(self.folder / "state.sqlite3", **self.options)
        address = f"127.0.0.1:{self.emulator.port}"
        self.cm = cm.CertificateManagerClient(
            transport=CertificateManagerGrpcTransport(channel=grpc.insecure_channel(address))
        )
        self.kms = kms_v1.KeyManagementServiceClient(
            transport=KeyManagementServiceGrpcTransport(channel=grpc.insecure_channel(address))
        )

    def create(self, name: str = "a", **fields: Any) -> Any:
        return self.cm.create_trust_config(
            parent=PARENT, trust_config_id=name, trust_config=cm.TrustConfig(**fields)
        )

    def update(self, paths: list[str] | None = None, **fields: Any) -> Any:
        mask = {
            "paths": paths
            if paths is not None
            else ["trust_stores", "allowlisted_certificates", "labels"]
        }
        return self.cm.update_trust_config(
            trust_config=cm.TrustConfig(name=NAME, **fields), update_mask=mask
        )

    def get(self) -> cm.TrustConfig:
        return self.cm.get_trust_config(name=NAME)


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    running = Google(tmp_path)
    yield running
    running.emulator.stop()
    switches.reset()


def allowlisted(*pems: str) -> list[Any]:
    return [cm.TrustConfig.AllowlistedCertificate(pem_certificate=pem) for pem in pems]


def store(*pems: str) -> list[Any]:
    return [
        cm.TrustConfig.TrustStore(
            trust_anchors=[cm.TrustConfig.TrustAnchor(pem_certificate=pem) for pem in pems]
        )
    ]


@behaviour("id-pattern")
def test_ids_follow_the_pattern(google: Google) -> None:
    for bad in ("A", "a_b", "x" * 64, ""):
        with pytest.raises(exceptions.InvalidArgument):
            google.create(bad)
    google.create("a-1")


@behaviour("create-existing")
def test_creating_twice_answers_already_exists(google: Google) -> None:
    google.create()
    with pytest.raises(exceptions.AlreadyExists):
        google.create()


@behaviour("get-missing")
def test_reading_what_is_not_there_answers_not_found(google: Google) -> None:
    with pytest.raises(exceptions.NotFound):
        google.get()


@behaviour("etag-shape")
def test_the_etag_is_base64url_of_32_bytes_over_the_content(google: Google) -> None:
    import base64

    google.create()
    before = google.get().etag
    assert len(base64.urlsafe_b64decode(before + "=")) == 32
    google.update(labels={"a": "b"})
    google.update(labels={})
    assert google.get().etag == before


@behaviour("etag-labels")
def test_whether_the_etag_covers_labels_can_be_switched(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.create()
    first = google.get().etag
    google.update(labels={"a": "b"})
    assert google.get().etag != first
    monkeypatch.setattr(switches, "etag_covers_labels", False)
    plain = google.get().etag
    google.update(labels={"a": "c"})
    assert google.get().etag == plain


@behaviour("etag-stale")
def test_a_stale_etag_aborts_update_and_delete(google: Google) -> None:
    google.create()
    stale = google.get().etag
    google.update(labels={"a": "b"})
    with pytest.raises(exceptions.Aborted):
        google.update(labels={}, etag=stale)
    google.emulator.admin.answer("PUT", "/switches", "", {"stale_etag_code": "FAILED_PRECONDITION"})
    with pytest.raises(exceptions.FailedPrecondition):
        google.update(labels={}, etag=stale)


@behaviour("delete-etag")
def test_deleting_goes_by_the_etag_too(google: Google) -> None:
    google.create()
    stale = google.get().etag
    google.update(labels={"a": "b"})
    with pytest.raises(exceptions.Aborted):
        google.cm.delete_trust_config(request={"name": NAME, "etag": stale})
    google.cm.delete_trust_config(request={"name": NAME, "etag": google.get().etag})
    with pytest.raises(exceptions.NotFound):
        google.get()


@behaviour("delete-referenced")
def test_what_a_policy_refers_to_is_not_deleted(google: Google) -> None:
    google.create(allowlisted_certificates=allowlisted(make().parsed.pem))
    google.emulator.gateways.put_policy(
        "projects/p/locations/global/serverTlsPolicies/x", {"trust_config": NAME}
    )
    with pytest.raises(exceptions.FailedPrecondition):
        google.cm.delete_trust_config(name=NAME)
    google.emulator.gateways.delete_policy("projects/p/locations/global/serverTlsPolicies/x")
    google.cm.delete_trust_config(name=NAME)


@behaviour("operation-error")
def test_an_operation_may_end_in_an_error(google: Google) -> None:
    google.create()
    google.emulator.faults.add(
        Fault("UpdateTrustConfig", kind="operation_error", code="INTERNAL", message="no")
    )
    with pytest.raises(exceptions.InternalServerError):
        google.update(labels={"a": "b"}).result(timeout=5)
    google.emulator.faults.add(Fault("UpdateTrustConfig", kind="operation_delay", seconds=60))
    assert not google.update(labels={"a": "b"}).done()
    assert dict(google.get().labels) == {}


@behaviour("etag-optional")
def test_without_an_etag_the_last_writer_wins(google: Google) -> None:
    google.create()
    google.update(labels={"a": "one"})
    google.update(labels={"a": "two"})
    assert dict(google.get().labels) == {"a": "two"}


@behaviour("mask-replaces")
def test_lists_are_replaced_whole_and_an_empty_masked_path_is_wiped(google: Google) -> None:
    one, two = make().pem.decode(), make().pem.decode()
    google.create(
        allowlisted_certificates=allowlisted(one), trust_stores=store(make_ca().pem.decode())
    )
    google.update(["allowlisted_certificates"], allowlisted_certificates=allowlisted(two))
    live = google.get()
    assert [item.pem_certificate for item in live.allowlisted_certificates] == [two]
    assert len(live.trust_stores) == 1
    google.update(["trust_stores"])
    assert not google.get().trust_stores


@behaviour("mask-refused")
def test_a_path_that_may_not_be_updated_is_named(google: Google) -> None:
    google.create()
    with pytest.raises(exceptions.InvalidArgument) as refused:
        google.update(["create_time"])
    details = [d for d in refused.value.details if isinstance(d, error_details_pb2.BadRequest)]
    assert [v.field for v in details[0].field_violations] == ["updateMask"]


@behaviour("mask-star")
def test_star_and_no_mask_replace_everything(google: Google) -> None:
    for paths in (["*"], []):
        google.emulator.certificate_manager.edit_out_of_band(
            NAME, {"labels": {"a": "b"}, "description": "x"}
        )
        google.update(paths)
        assert (dict(google.get().labels), google.get().description) == ({}, "")


@behaviour("pem-verbatim")
def test_text_and_order_are_kept(google: Google) -> None:
    texts = ["# note\n" + make().pem.decode().replace("\n", "\r\n"), make().pem.decode()]
    google.create(allowlisted_certificates=allowlisted(*texts))
    assert [item.pem_certificate for item in google.get().allowlisted_certificates] == texts


@behaviour("pem-parseable")
def test_each_field_holds_one_certificate_of_5000_bytes_at_most(google: Google) -> None:
    pem = make().pem.decode()
    for bad in (
        "nothing",
        pem + pem,
        pem + "#" * 5000,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ):
        with pytest.raises(exceptions.InvalidArgument) as refused:
            google.create(allowlisted_certificates=allowlisted(pem, bad))
        violation = refused.value.details[0].field_violations[0]
        assert violation.field == "trust_config.allowlisted_certificates[1].pem_certificate"


@behaviour("limits")
def test_counts_have_limits(google: Google) -> None:
    pem = make().pem.decode()
    google.create(
        "ok", allowlisted_certificates=allowlisted(*[pem] * 500), trust_stores=store(*[pem] * 200)
    )
    with pytest.raises(exceptions.InvalidArgument):
        google.create(allowlisted_certificates=allowlisted(*[pem] * 501))
    with pytest.raises(exceptions.InvalidArgument):
        google.create(trust_stores=store(*[pem] * 201))
    with pytest.raises(exceptions.InvalidArgument):
        google.create(trust_stores=[*store(pem), *store(pem)])
    with pytest.raises(exceptions.InvalidArgument):
        google.create(
            trust_stores=[
                cm.TrustConfig.TrustStore(
                    intermediate_cas=[cm.TrustConfig.IntermediateCA(pem_certificate=pem)] * 101
                )
            ]
        )


@behaviour("five-per-project")
def test_the_sixth_trust_config_is_over_quota(google: Google) -> None:
    for n in range(5):
        google.create(f"a{n}")
    with pytest.raises(exceptions.ResourceExhausted):
        google.create("a5")


@behaviour("operation")
def test_a_write_is_an_operation_that_takes_time(google: Google) -> None:
    google.emulator.operations.seconds = 0.3
    future = google.create(labels={"a": "b"})
    assert not future.operation.done
    assert (future.metadata.verb, future.metadata.target) == ("create", NAME)
    assert dict(future.result(timeout=10).labels) == {"a": "b"}


@behaviour("operation-restart")
def test_operations_outlive_a_restart(google: Google) -> None:
    google.create()
    google.emulator.operations.seconds = 0.2
    name = google.update(labels={"a": "b"}).operation.name
    google.emulator.stop()
    time.sleep(0.3)
    google.start()
    found = google.cm.transport.operations_client.get_operation(name)
    assert operation.from_gapic(
        found,
        google.cm.transport.operations_client,
        cm.TrustConfig,
        metadata_type=cm.OperationMetadata,
    ).result(timeout=5).labels == {"a": "b"}
    assert name in [
        each.name for each in google.cm.transport.operations_client.list_operations(PARENT, "")
    ]
    with pytest.raises(exceptions.NotFound):
        google.cm.transport.operations_client.get_operation(f"{PARENT}/operations/none")


@behaviour("visible-when-done")
def test_a_new_value_is_seen_when_its_operation_is_done(google: Google) -> None:
    google.create()
    google.emulator.operations.seconds = 0.3
    google.update(labels={"a": "b"})
    assert dict(google.get().labels) == {}
    time.sleep(0.4)
    assert dict(google.get().labels) == {"a": "b"}


@behaviour("concurrent-update")
def test_a_second_write_while_one_runs_is_aborted(google: Google) -> None:
    google.create()
    google.emulator.operations.seconds = 60
    google.update(labels={"a": "b"})
    with pytest.raises(exceptions.Aborted):
        google.update(labels={"a": "c"})


@pytest.mark.parametrize(("rechecks", "last"), [(True, "b"), (False, "c")])
def test_by_a_switch_a_second_write_is_queued_and_its_etag_may_be_looked_at_again(
    google: Google, rechecks: bool, last: str
) -> None:
    google.emulator.admin.answer(
        "PUT", "/switches", "", {"queues_updates": True, "rechecks_etag": rechecks}
    )
    google.create()
    google.emulator.operations.seconds = 0.2
    etag = google.get().etag
    google.update(labels={"a": "b"}, etag=etag)
    second = google.update(labels={"a": "c"}, etag=etag)
    if rechecks:
        with pytest.raises(exceptions.Aborted):
            second.result(timeout=5)
    else:
        second.result(timeout=5)
    assert dict(google.get().labels) == {"a": last}


@behaviour("message-size")
def test_two_of_the_largest_trust_configs_break_a_default_channel(google: Google) -> None:
    padding = "x" * 3_900 + "\n"
    pem = padding + make().parsed.pem
    for name in ("a", "b"):
        google.emulator.certificate_manager.edit_out_of_band(
            f"{PARENT}/trustConfigs/{name}", {"allowlisted": [pem] * 480}
        )
    with pytest.raises(exceptions.ResourceExhausted):
        list(google.cm.list_trust_configs(parent=PARENT))
    unlimited = grpc.insecure_channel(
        f"127.0.0.1:{google.emulator.port}", options=[("grpc.max_receive_message_length", -1)]
    )
    assert (
        len(
            list(
                cm.CertificateManagerClient(
                    transport=CertificateManagerGrpcTransport(channel=unlimited)
                ).list_trust_configs(parent=PARENT)
            )
        )
        == 2
    )


@behaviour("permission-denied")
def test_an_identity_without_the_permission_is_denied_by_name(google: Google) -> None:
    google.create()
    google.emulator.permissions.deny(
        "viewer@example.com", ["certificatemanager.trustconfigs.update"]
    )
    metadata = [(IDENTITY, "viewer@example.com")]
    google.cm.get_trust_config(name=NAME, metadata=metadata)
    with pytest.raises(
        exceptions.PermissionDenied, match=r"certificatemanager\.trustconfigs\.update.*projects/p"
    ):
        google.cm.update_trust_config(
            trust_config=cm.TrustConfig(name=NAME),
            update_mask={"paths": ["labels"]},
            metadata=metadata,
        )
    google.update(labels={"a": "b"})


@behaviour("connection-drop")
def test_a_connection_breaks_before_or_after_the_effect_and_comes_back(google: Google) -> None:
    google.create()
    for when, labels in (("before", {}), ("after", {"a": "b"})):
        google.emulator.faults.add(Fault("UpdateTrustConfig", when=when, kind="drop"))
        with pytest.raises((exceptions.ServiceUnavailable, exceptions.Cancelled)):
            google.update(labels={"a": "b"})
        assert (
            dict(
                google.cm.get_trust_config(
                    name=NAME,
                    retry=Retry(predicate=if_exception_type(exceptions.ServiceUnavailable)),
                ).labels
            )
            == labels
        )


@behaviour("stale-read")
def test_a_read_may_be_stale(google: Google) -> None:
    google.create()
    google.update(labels={"a": "b"})
    google.emulator.faults.add(Fault("GetTrustConfig", kind="stale"))
    assert dict(google.get().labels) == {}
    assert dict(google.get().labels) == {"a": "b"}


@behaviour("requests-per-minute")
def test_too_many_requests_are_refused_by_project_and_kind(google: Google) -> None:
    google.create()
    google.emulator.quota.per_minute = 3
    for _ in range(3):
        google.get()
    with pytest.raises(exceptions.ResourceExhausted):
        google.get()
    google.update(labels={})


@behaviour("list-paging")
def test_lists_come_in_pages(google: Google) -> None:
    for n in range(5):
        google.create(f"a{n}")
    pages = list(google.cm.list_trust_configs(request={"parent": PARENT, "page_size": 2}).pages)
    assert [len(page.trust_configs) for page in pages] == [2, 2, 1]


@pytest.fixture
def key(google: Google) -> str:
    google.emulator.kms.make_key(KEY)
    return KEY


@behaviour("kms-crc")
def test_checksums_are_checked_and_a_missing_one_is_only_flagged(google: Google, key: str) -> None:
    answer = google.kms.encrypt(name=key, plaintext=b"x")
    assert not answer.verified_plaintext_crc32c
    with pytest.raises(exceptions.InvalidArgument):
        google.kms.encrypt(request={"name": key, "plaintext": b"x", "plaintext_crc32c": 1})


@behaviour("kms-aad")
def test_another_aad_is_refused(google: Google, key: str) -> None:
    ciphertext = google.kms.encrypt(
        request={"name": key, "plaintext": b"x", "additional_authenticated_data": b"a"}
    ).ciphertext
    assert (
        google.kms.decrypt(
            request={"name": key, "ciphertext": ciphertext, "additional_authenticated_data": b"a"}
        ).plaintext
        == b"x"
    )
    with pytest.raises(exceptions.InvalidArgument):
        google.kms.decrypt(
            request={"name": key, "ciphertext": ciphertext, "additional_authenticated_data": b"b"}
        )


@behaviour("kms-versions")
def test_encrypt_uses_the_primary_and_decrypt_finds_its_own(google: Google, key: str) -> None:
    old = google.kms.encrypt(name=key, plaintext=b"x")
    google.kms.create_crypto_key_version(parent=key, crypto_key_version={})
    google.kms.update_crypto_key_primary_version(name=key, crypto_key_version_id="2")
    new = google.kms.encrypt(name=key, plaintext=b"x")
    assert (old.name[-2:], new.name[-2:]) == ("/1", "/2")
    decrypted = google.kms.decrypt(name=key, ciphertext=old.ciphertext)
    assert (decrypted.plaintext, decrypted.used_primary) == (b"x", False)
    assert google.kms.decrypt(name=key, ciphertext=new.ciphertext).used_primary


@behaviour("kms-disabled")
def test_a_disabled_or_destroyed_version_is_refused(google: Google, key: str) -> None:
    ciphertext = google.kms.encrypt(name=key, plaintext=b"x").ciphertext
    version = {
        "name": f"{key}/cryptoKeyVersions/1",
        "state": kms_v1.CryptoKeyVersion.CryptoKeyVersionState.DISABLED,
    }
    google.kms.update_crypto_key_version(
        crypto_key_version=version, update_mask={"paths": ["state"]}
    )
    with pytest.raises(exceptions.FailedPrecondition):
        google.kms.decrypt(name=key, ciphertext=ciphertext)
    google.kms.destroy_crypto_key_version(name=f"{key}/cryptoKeyVersions/1")
    with pytest.raises(exceptions.FailedPrecondition):
        google.kms.encrypt(name=key, plaintext=b"x")


@behaviour("kms-limit")
def test_plaintext_and_aad_have_a_limit(google: Google, key: str) -> None:
    google.kms.encrypt(name=key, plaintext=b"x" * 65_536)
    with pytest.raises(exceptions.InvalidArgument):
        google.kms.encrypt(name=key, plaintext=b"x" * 65_537)
    google.emulator.kms.make_key(f"{key}-hsm", protection_level="HSM")
    google.kms.encrypt(
        request={
            "name": f"{key}-hsm",
            "plaintext": b"x" * 8_000,
            "additional_authenticated_data": b"x" * 192,
        }
    )
    with pytest.raises(exceptions.InvalidArgument):
        google.kms.encrypt(
            request={
                "name": f"{key}-hsm",
                "plaintext": b"x" * 8_000,
                "additional_authenticated_data": b"x" * 193,
            }
        )


@behaviour("kms-primary-late")
def test_a_new_primary_takes_effect_late(google: Google, key: str) -> None:
    google.emulator.kms.primary_seconds = 60
    google.kms.create_crypto_key_version(parent=key)
    google.kms.update_crypto_key_primary_version(name=key, crypto_key_version_id="2")
    assert google.kms.encrypt(name=key, plaintext=b"x").name.endswith("/1")
    google.emulator.kms.primary_seconds = 0
    google.kms.update_crypto_key_primary_version(name=key, crypto_key_version_id="2")
    assert google.kms.encrypt(name=key, plaintext=b"x").name.endswith("/2")


@behaviour("kms-destroy")
def test_a_version_that_is_scheduled_for_destruction_is_not_usable(
    google: Google, key: str
) -> None:
    sealed = google.kms.encrypt(name=key, plaintext=b"x").ciphertext
    assert (
        google.kms.destroy_crypto_key_version(name=f"{key}/cryptoKeyVersions/1").state.name
        == "DESTROY_SCHEDULED"
    )
    with pytest.raises(exceptions.FailedPrecondition):
        google.kms.decrypt(name=key, ciphertext=sealed)


@behaviour("kms-encrypt-only")
def test_an_identity_may_encrypt_and_not_decrypt(google: Google, key: str) -> None:
    google.emulator.permissions.deny("web@example.com", ["cloudkms.cryptoKeyVersions.useToDecrypt"])
    metadata = [(IDENTITY, "web@example.com")]
    sealed = google.kms.encrypt(name=key, plaintext=b"x", metadata=metadata).ciphertext
    with pytest.raises(exceptions.PermissionDenied):
        google.kms.decrypt(name=key, ciphertext=sealed, metadata=metadata)
    assert google.kms.decrypt(name=key, ciphertext=sealed).plaintext == b"x"


@behaviour("kms-quota")
def test_over_quota_is_not_retried_by_the_client(google: Google, key: str) -> None:
    google.emulator.faults.add(Fault("Encrypt", code="RESOURCE_EXHAUSTED", times=1))
    with pytest.raises(exceptions.ResourceExhausted):
        google.kms.encrypt(name=key, plaintext=b"x")


@behaviour("kms-sign")
def test_signatures_verify_with_the_public_key(google: Google, key: str) -> None:
    """Verified by openssl, which we did not write."""
    import hashlib
    import subprocess

    for algorithm in ("EC_SIGN_P256_SHA256", "EC_SIGN_ED25519"):
        name = f"{key}-{algorithm.lower()}"
        google.emulator.kms.make_key(name, algorithm=algorithm)
        version, folder = f"{name}/cryptoKeyVersions/1", google.folder
        sent = (
            {"digest": {"sha256": hashlib.sha256(b"checkpoint").digest()}}
            if "P256" in algorithm
            else {"data": b"checkpoint"}
        )
        (folder / "signature").write_bytes(
            google.kms.asymmetric_sign(request={"name": version, **sent}).signature
        )
        (folder / "public.pem").write_text(google.kms.get_public_key(name=version).pem)
        (folder / "message").write_bytes(b"checkpoint")
        command = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "public.pem",
            "-sigfile",
            "signature",
            "-rawin",
            "-in",
            "message",
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with pytest.raises(exceptions.FailedPrecondition):
        google.kms.encrypt(name=name, plaintext=b"x")


@behaviour("kms-mac")
def test_macs_are_hmac_sha256(google: Google, key: str) -> None:
    google.emulator.kms.make_key(f"{key}-mac", algorithm="HMAC_SHA256")
    version = f"{key}-mac/cryptoKeyVersions/1"
    mac = google.kms.mac_sign(name=version, data=b"x").mac
    assert google.kms.mac_verify(name=version, data=b"x", mac=mac).success
    assert not google.kms.mac_verify(name=version, data=b"y", mac=mac).success


def test_every_behaviour_of_the_table_has_its_test_and_its_evidence() -> None:
    assert {each.key for each in BEHAVIOURS} == marked(Path(__file__).parent)
    assert {each.evidence for each in BEHAVIOURS} <= {"documented", "observed", "assumed"}


def test_faults_come_before_or_after_the_effect(google: Google) -> None:
    google.create()
    google.emulator.faults.add(Fault("UpdateTrustConfig", when="before", code="UNAVAILABLE"))
    with pytest.raises(exceptions.ServiceUnavailable):
        google.update(labels={"a": "b"})
    assert dict(google.get().labels) == {}
    google.emulator.faults.add(Fault("UpdateTrustConfig", when="after", code="UNAVAILABLE"))
    with pytest.raises(exceptions.ServiceUnavailable):
        google.update(labels={"a": "b"})
    assert dict(google.get().labels) == {"a": "b"}


def test_the_admin_endpoint_edits_orders_faults_and_counts(google: Google) -> None:
    import json
    import urllib.error
    import urllib.request

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"http://127.0.0.1:{google.emulator.admin_port}{path}"
        with urllib.request.urlopen(
            urllib.request.Request(url, data=json.dumps(body or {}).encode(), method=method),
            timeout=5,
        ) as answer:
            assert answer.headers["X-Emulator"] == "1"
            return json.load(answer)

    ask("PUT", f"/trust-config?name={NAME}", {"labels": {"by": "hand"}})
    assert dict(google.get().labels) == {"by": "hand"}
    ask("POST", "/faults", {"rpc": "GetTrustConfig", "code": "INTERNAL"})
    assert len(ask("GET", "/faults")) == 1
    ask("DELETE", "/faults")
    assert [call["rpc"] for call in ask("GET", "/calls")] == ["GetTrustConfig"]
    assert len(ask("GET", "/behaviours")) == len(BEHAVIOURS)
    for method, path in (
        ("GET", "/nothing"),
        ("POST", "/faults"),
        ("PUT", "/trust-config?name=bad"),
    ):
        with pytest.raises(urllib.error.HTTPError):
            ask(method, path, {"kind": "nonsense"})


def test_both_ports_are_on_loopback_only(google: Google) -> None:
    assert google.emulator.admin.server_address[0] == "127.0.0.1"
    with pytest.raises(RuntimeError):
        server.start(google.folder / "other.sqlite3", port=google.emulator.port)


def test_the_admin_page_edits_as_a_colleague_would_and_takes_forms_from_itself_only(
    google: Google,
) -> None:
    import urllib.error
    import urllib.parse
    import urllib.request

    google.create()
    url = f"http://127.0.0.1:{google.emulator.admin_port}/"

    def post(origin: str = "", **form: str) -> str:
        request = urllib.request.Request(
            url,
            data=urllib.parse.urlencode({"name": NAME, **form}).encode(),
            headers={"Origin": origin} if origin else {},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()

    client = make("by-hand")
    assert "CN=by-hand" in post(act="add", role="allowlisted", pem=client.parsed.pem)
    assert "without asking the portal" in post(act="label", key="by", value="hand")
    assert dict(google.get().labels) == {"by": "hand"}
    assert "Not done" in post(act="add", role="allowlisted", pem="nonsense")
    assert "GetTrustConfig: UNAVAILABLE" in post(
        act="fault",
        rpc="GetTrustConfig",
        kind="error",
        when="before",
        code="UNAVAILABLE",
        seconds="0",
        times="1",
    )
    post(act="forget-faults")
    assert "CN=by-hand" not in post(act="remove", role="allowlisted", sha256=client.fingerprint)
    assert "serves again" in post(act="restart")
    with pytest.raises(urllib.error.HTTPError):
        post(origin="http://evil.example", act="restart")
