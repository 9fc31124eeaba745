"""What no page may show again."""

import pytest
from django.template import Context, Template

from tests.certificates import make
from web.secrets import error_text, holds_key, holds_pem, without_keys

KEY = make().key_pem.decode()


@pytest.mark.parametrize("text", [KEY, f"see below\n{KEY}", KEY.replace("\n", "\r\n"), KEY.lower()])
def test_a_key_is_known_wherever_it_stands(text: str) -> None:
    assert holds_pem(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "for partner 7",
        "BEGIN with the anchors",
        "AA:BB:CC",
        "Their private key was stolen; this takes the certificate out.",
        f"The private key of {'0123456789abcdef' * 4} is in an HSM.",
        "PRIVATE KEY rotation, ticket SEC-1234",
        "private key was exposed; see https://wiki.example.com/security/incidents/2026/private-key-rotation",
        "the private key file /etc/ssl/private/partner-clients/2026/server/partner.key was lost",
        "Private-key ceremony: https://jira.example.com/browse/SECURITY-OPERATIONS-2026-PARTNER-1234",
        "private key moved to projects/demo-keys/locations/global/keyRings/countersign",
        "private key of SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDqz4vM0kD1yDmBk3A",
        "Private key compromised -----",
    ],
)
def test_plain_words_are_no_key(text: str) -> None:
    assert not holds_pem(text)
    assert without_keys(text) == text


def test_a_certificate_is_no_key_and_stays_in_its_field() -> None:
    pem = make().pem.decode()
    assert holds_pem(pem)
    assert not holds_key(pem)
    assert without_keys(pem) == pem


def test_a_key_is_not_shown_again() -> None:
    assert without_keys(KEY) == ""
    assert Template("{{ typed|without_keys }}").render(Context({"typed": KEY})) == ""


def test_nothing_is_nothing() -> None:
    assert without_keys(None) == ""


@pytest.mark.parametrize("name", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_the_frame_of_a_key_is_enough(name: str) -> None:
    assert holds_key(f"-----BEGIN {name}-----\nMIGH")


def test_a_key_without_its_frame_is_known() -> None:
    assert holds_key("".join(KEY.splitlines()[1:-1]))


def test_an_error_that_quotes_a_key_does_not_say_it() -> None:
    assert "MIG" not in error_text(f"Select a valid choice. {KEY} is not one.")
    assert error_text("If it was a private key, replace it.").startswith("If it was")
