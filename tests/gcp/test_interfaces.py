"""The adapters against the emulator: every error of Google's becomes one of ours, every call has a deadline."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import server
from emulator.faults import Fault
from gcp import errors
from gcp.interfaces import LiveEntry
from gcp.kms import KmsKeyWrapping
from gcp.trust_configs import CertificateManagerTrustConfigs
from tests.certificates import make, make_ca

NAME = "projects/p/locations/global/trustConfigs/a"
KEY = "projects/k/locations/global/keyRings/r/cryptoKeys/key-mtls-client"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    emulator = server.start(
        Path(tmp_path_factory.mktemp("e")) / "s.sqlite3",
        operation_seconds=0,
        requests_per_minute=100_000,
    )
    emulator.kms.make_key(KEY)
    yield emulator
    emulator.stop()


@pytest.fixture
def google(running: Any) -> Any:
    running.faults.clear()
    running.certificate_manager.edit_out_of_band(
        NAME, {"labels": {"team": "edge"}, "anchors": [], "intermediates": [], "allowlisted": []}
    )
    return running


@pytest.fixture
def trust_configs(google: Any) -> CertificateManagerTrustConfigs:
    return CertificateManagerTrustConfigs(f"127.0.0.1:{google.port}", 2)


@pytest.fixture
def keys(google: Any) -> KmsKeyWrapping:
    return KmsKeyWrapping(f"127.0.0.1:{google.port}", 2)


def _update(
    trust_configs: CertificateManagerTrustConfigs, *entries: LiveEntry, etag: str | None = None
) -> str:
    read = trust_configs.read(NAME).etag if etag is None else etag
    return trust_configs.update(
        NAME, entries=list(entries), labels={"countersign-revision": "1-x"}, etag=read
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("UNAVAILABLE", errors.CloudUnavailable),
        ("DEADLINE_EXCEEDED", errors.CloudUnavailable),
        ("INTERNAL", errors.CloudUnavailable),
        ("UNKNOWN", errors.CloudUnavailable),
        ("RESOURCE_EXHAUSTED", errors.CloudExhausted),
        ("NOT_FOUND", errors.CloudMissing),
        ("PERMISSION_DENIED", errors.CloudDenied),
        ("UNAUTHENTICATED", errors.CloudDenied),
        ("INVALID_ARGUMENT", errors.CloudRejected),
        ("OUT_OF_RANGE", errors.CloudRejected),
        ("ABORTED", errors.CloudConflict),
    ],
)
def test_errors_of_a_read(
    google: Any, trust_configs: CertificateManagerTrustConfigs, code: str, expected: type[Exception]
) -> None:
    google.faults.add(Fault("GetTrustConfig", code=code, message="Google's words"))
    with pytest.raises(expected) as raised:
        trust_configs.read(NAME)
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("UNAVAILABLE", errors.OutcomeUnknown),
        ("DEADLINE_EXCEEDED", errors.OutcomeUnknown),
        ("INTERNAL", errors.OutcomeUnknown),
        ("CANCELLED", errors.OutcomeUnknown),
        ("RESOURCE_EXHAUSTED", errors.CloudExhausted),
        ("ABORTED", errors.CloudConflict),
        ("FAILED_PRECONDITION", errors.CloudConflict),
        ("PERMISSION_DENIED", errors.CloudDenied),
        ("INVALID_ARGUMENT", errors.CloudRejected),
    ],
)
def test_errors_of_a_write_and_that_it_is_sent_once(
    google: Any, trust_configs: CertificateManagerTrustConfigs, code: str, expected: type[Exception]
) -> None:
    google.faults.add(Fault("UpdateTrustConfig", when="after", code=code, times=1))
    google.faults.clear_calls()
    with pytest.raises(expected):
        _update(trust_configs)
    assert len([call for call in google.faults.calls() if call["rpc"] == "UpdateTrustConfig"]) == 1


def test_googles_words_and_the_named_field_come_along(
    trust_configs: CertificateManagerTrustConfigs,
) -> None:
    good = LiveEntry("allowlisted_certificate", make().pem.decode())
    with pytest.raises(errors.CloudRejected) as raised:
        _update(trust_configs, good, LiveEntry("allowlisted_certificate", "junk"))
    assert raised.value.fields[0][0] == "trust_config.allowlisted_certificates[1].pem_certificate"


def test_a_server_that_hangs_is_waited_for_no_longer_than_the_deadline(google: Any) -> None:
    impatient = CertificateManagerTrustConfigs(f"127.0.0.1:{google.port}", 0.3)
    google.faults.add(Fault("GetTrustConfig", kind="hang"))
    start = time.monotonic()
    with pytest.raises(errors.CloudUnavailable):
        impatient.read(NAME)
    assert time.monotonic() - start < 5


def test_what_is_written_is_read_back_by_role(
    trust_configs: CertificateManagerTrustConfigs,
) -> None:
    entries = [
        LiveEntry("trust_anchor", make_ca().pem.decode()),
        LiveEntry("intermediate_ca", make_ca().pem.decode()),
        LiveEntry("allowlisted_certificate", make().pem.decode()),
    ]
    name = _update(trust_configs, *entries)
    assert list(trust_configs.read(NAME).entries) == entries
    status = trust_configs.operation(name)
    assert (status.is_done, status.error, status.target, status.verb) == (True, "", NAME, "update")
    assert status.labels == {"countersign-revision": "1-x"}
    assert name in [each.name for each in trust_configs.operations(NAME)]
    assert trust_configs.operations(NAME + "x") == []


def test_a_full_trust_config_fits_the_channel(
    google: Any, trust_configs: CertificateManagerTrustConfigs
) -> None:
    pem = make().pem.decode()
    text = pem + "#" * (4_990 - len(pem))
    google.certificate_manager.edit_out_of_band(
        NAME, {"allowlisted": [text] * 500, "anchors": [text] * 200}
    )
    assert len(trust_configs.read(NAME).entries) == 700


def test_an_operation_that_failed_says_why(
    google: Any, trust_configs: CertificateManagerTrustConfigs
) -> None:
    name = _update(trust_configs)
    with google.store.lock():
        google.store.put(
            "operation",
            name,
            {**google.store.get("operation", name), "error": {"code": 9, "message": "not now"}},
        )
    assert trust_configs.operation(name).error == "not now"


def test_wrap_and_unwrap_with_every_checksum(google: Any, keys: KmsKeyWrapping) -> None:
    wrapped = keys.wrap(KEY, b"secret", b"aad")
    assert wrapped.key_version == f"{KEY}/cryptoKeyVersions/1"
    assert keys.unwrap(KEY, wrapped.ciphertext, b"aad") == b"secret"
    with pytest.raises(errors.CloudRejected):
        keys.unwrap(KEY, wrapped.ciphertext, b"other")


@pytest.mark.parametrize("field", ["ciphertext_crc32c", "verified_plaintext_crc32c", "name"])
def test_an_answer_of_kms_that_does_not_fit_is_discarded(
    google: Any, keys: KmsKeyWrapping, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    honest = google.kms.encrypt
    values = {
        "ciphertext_crc32c": 1,
        "verified_plaintext_crc32c": False,
        "name": f"{KEY}2/cryptoKeyVersions/1",
    }
    damaged = honest(_encrypt_request(), None)
    setattr(damaged, field, values[field])
    monkeypatch.setattr(keys._client, "encrypt", lambda **_: damaged)
    with pytest.raises(errors.IntegrityFailed):
        keys.wrap(KEY, b"secret", b"aad")


def test_a_decrypted_answer_that_does_not_fit_is_discarded(
    google: Any, keys: KmsKeyWrapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.cloud import kms_v1

    monkeypatch.setattr(
        keys._client,
        "decrypt",
        lambda **_: kms_v1.DecryptResponse(plaintext=b"x", plaintext_crc32c=1),
    )
    with pytest.raises(errors.IntegrityFailed):
        keys.unwrap(KEY, b"x", b"aad")


def _encrypt_request() -> Any:
    import google_crc32c
    from google.cloud import kms_v1

    crc = google_crc32c.value(b"secret")
    aad = google_crc32c.value(b"aad")
    return kms_v1.EncryptRequest(
        name=KEY,
        plaintext=b"secret",
        plaintext_crc32c=crc,
        additional_authenticated_data=b"aad",
        additional_authenticated_data_crc32c=aad,
    )


def test_an_update_sends_the_etag_that_was_read(
    google: Any, trust_configs: CertificateManagerTrustConfigs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one guard against writing over an edit that nobody has seen."""
    from emulator.switches import switches

    monkeypatch.setattr(switches, "requires_etag", True)
    with pytest.raises(errors.CloudRejected, match="etag"):
        _update(trust_configs, etag="")
    with pytest.raises(errors.CloudConflict):
        _update(trust_configs, etag="c3RhbGU=")
    _update(trust_configs, etag=trust_configs.read(NAME).etag)
    assert trust_configs.read(NAME).labels == {"countersign-revision": "1-x"}
