"""The second opinion: what it finds is a note, what it gets wrong is suppressed, and nothing that happens in it stops anybody."""

from typing import Any

import pytest
from cryptography import x509

from pki import lint as lint_module
from pki.catalogue import FINDINGS
from pki.findings import Severity
from pki.lint import lint
from tests.certificates import make, make_ca


def test_what_the_linter_finds_is_a_note_with_its_own_words() -> None:
    found = lint([make_ca(key_ids=False).parsed])
    assert found
    assert {finding.severity for finding in found} == {Severity.INFO}
    assert all(
        FINDINGS["LINT-01"].sentence.in_language("en", finding.evidence).count("pkix.") == 1
        for finding in found
    )


def test_a_good_certificate_gives_none() -> None:
    assert lint([make().parsed, make_ca().parsed]) == []


def test_a_spiffe_name_is_called_a_syntax_error_by_the_linter_and_not_by_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spiffe = make(
        extra=[
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier("spiffe://example.com/pay")]
            )
        ]
    ).parsed
    assert lint([spiffe]) == []
    monkeypatch.setattr(lint_module, "SUPPRESSED", {})
    assert [finding.evidence["lint"] for finding in lint([spiffe])] == ["pkix.invalid_uri_syntax"]


def test_no_time_left_is_said_and_not_waited_for() -> None:
    found = lint([make().parsed, make().parsed], longest_seconds=-1)
    assert [(finding.code, finding.evidence) for finding in found] == [
        ("LINT-02", {"count": "2", "reason": "time"})
    ]


def test_a_large_certificate_is_left_out_and_said() -> None:
    large = make(
        extra=[
            x509.SubjectAlternativeName(
                [x509.DNSName(f"host-{n:04}.example.com") for n in range(600)]
            )
        ]
    ).parsed
    assert [finding.evidence["reason"] for finding in lint([large])] == ["size"]


def test_a_linter_that_stumbles_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(lint_module, "_lint_one", stumble)
    assert [finding.evidence["reason"] for finding in lint([make().parsed])] == ["RecursionError"]


def test_a_finding_without_a_text_is_said_in_words() -> None:
    said = [finding.evidence["message"] for finding in lint([make_ca(key_ids=False).parsed])]
    assert said
    assert all(" " in message and "pkix." not in message for message in said), said
