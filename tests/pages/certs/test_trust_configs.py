"""The page of a trust config, however much it holds."""

import re
from typing import Any

import pytest

from certs.models import TrustEntry
from pages.certs import trust_configs
from tests.certificates import make
from tests.world import World


@pytest.fixture
def page(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page of a trust config with five entries, of which two stand on each of its pages."""
    monkeypatch.setattr(trust_configs, "PAGE_SIZE", 2)
    world.applied(*[make(f"client-{n}") for n in range(5)])
    path = f"/t/payments/trust-configs/{world.trust_config().pk}/"
    return lambda query="": world.page("sam").get(path + query).content.decode()


def names(shown: str) -> list[str]:
    live = shown[shown.index('aria-labelledby="live"') : shown.index('aria-labelledby="pending"')]
    return re.findall(r"<strong[^>]*>(client-\d)", live) or re.findall(r">(client-\d)<", live)


def test_entries_stand_on_pages_and_none_is_left_out(page: Any) -> None:
    found = [name for n in (1, 2, 3) for name in names(page(f"?entries={n}"))]
    assert sorted(found) == [f"client-{n}" for n in range(5)]
    assert len(names(page())) == 2
    assert re.search(r'badge bg-secondary-lt">5</span>', page())


def test_an_entry_is_found_by_its_subject_and_by_its_fingerprint(page: Any) -> None:
    assert names(page("?entry=client-3")) == ["client-3"]
    fingerprint = TrustEntry.objects.values_list(
        "certificate__sha256_fingerprint", "certificate__subject"
    )
    by_subject = {subject: value for value, subject in fingerprint}
    value = next(value for subject, value in by_subject.items() if "client-4" in subject)
    for part in (value, value[:10], value[-8:], f"…{value[-8:]}"):
        assert names(page(f"?entry={part}")) == ["client-4"]


def test_a_search_that_finds_nothing_says_so_and_can_be_mended(page: Any) -> None:
    shown = page("?entry=nobody")
    assert "No entry fits." in shown
    assert "has nothing in this trust config yet" not in shown
    assert 'value="nobody"' in shown


@pytest.mark.parametrize(
    "query", ["?entries=0", "?entries=99", "?entries=x", "?entry=%00", "?entry=" + "x" * 5000]
)
def test_what_the_address_says_wrongly_harms_nobody(page: Any, query: str) -> None:
    assert 'aria-labelledby="live"' in page(query)


def test_few_entries_have_no_search(world: World) -> None:
    world.applied(make("client-0"))
    shown = world.page("sam").get(f"/t/payments/trust-configs/{world.trust_config().pk}/")
    assert 'name="entry"' not in shown.content.decode()


def test_the_counts_of_others_do_not_depend_on_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_configs, "PAGE_SIZE", 1)
    lena = {"by": "lena", "tenant": "logistics", "to": "shared-clients"}
    world.applied(make("client-1"), make("client-2"), **lena)
    world.applied(make("client-3"), make("client-4"), to="shared-clients")
    path = f"/t/payments/trust-configs/{world.trust_config('shared-clients').pk}/"
    for query in ("", "?entries=2", "?entry=client-3"):
        shown = " ".join(world.page("sam").get(path + query).content.decode().split())
        assert "2 × allowlisted certificate" in shown
