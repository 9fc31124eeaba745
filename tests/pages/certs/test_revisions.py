"""What a trust config held after one of its writes, from the rows that are kept."""

import json
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from approvals.draft import Removal
from certs.hindrance import Hindrance
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.publications import set_of
from pki.plan import Entry, revision_digest
from pki.roles import TrustRole
from tests.certificates import make
from tests.world import World

AL = "allowlisted_certificate"
LENA = {"by": "lena", "tenant": "logistics", "to": "shared-clients"}


def writes(name: str = "payments-clients") -> list[Publication]:
    rows = Publication.objects.filter(trust_config__name=name, state="verified")
    return list(rows.order_by("revision"))


def read(world: World, who: str, publication: Publication, tenant: str = "payments") -> Any:
    pk = publication.trust_config_id
    return world.page(who).get(f"/t/{tenant}/trust-configs/{pk}/revisions/{publication.revision}/")


def intent(world: World, base: frozenset[Entry], entries: frozenset[Entry]) -> Publication:
    """What is about to be written, in the caller's transaction."""
    return publications.open_intent(
        trust_config=world.trust_config(),
        kind=Publication.Kind.CHANGES,
        base=base,
        entries=entries,
        etag="e",
        worker="w",
        at=timezone.now(),
    )


def test_each_revision_is_told_as_it_was(world: World) -> None:
    a, b, c = make("a"), make("b"), make("c")
    world.applied(a)
    world.applied(b, c)
    world.applied(removed=[Removal(a.fingerprint, AL, "retired")])
    expected = [{a}, {a, b, c}, {b, c}]
    for publication, held in zip(writes(), expected, strict=True):
        told = read(world, "sam", publication).json()
        assert {entry[1] for entry in told["entries"]} == {one.fingerprint for one in held}
        assert told["revision_digest"] == publication.revision_digest
        assert told["label"] == publication.label


def test_a_row_keeps_its_steps_and_not_the_set(world: World) -> None:
    world.applied(make("a"))
    world.applied(make("b"))
    first, second = writes()
    assert first.keeps_set and first.entries is not None  # nothing was verified before it
    assert not second.keeps_set and second.entries is None
    assert [step[0] for step in second.steps] == ["add"]


def test_the_row_of_a_large_trust_config_is_small(world: World) -> None:
    world.applied(*[make(f"c{n}") for n in range(60)])
    world.applied(make("one more"))
    whole, steps = writes()
    assert len(json.dumps(whole.entries)) > 5_000
    assert len(json.dumps([steps.entries, steps.steps])) < 200


def test_once_in_so_many_revisions_the_set_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publications, "KEEP_SET_EVERY", 3)
    for n in range(7):
        world.applied(make(f"c{n}"))
    kept = [publication.revision for publication in writes() if publication.entries is not None]
    assert kept == [1, 4, 7]
    for publication in writes():
        assert revision_digest(set_of(publication)) == publication.revision_digest


def test_writes_that_failed_do_not_take_the_turn_of_one_that_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publications, "KEEP_SET_EVERY", 2)
    held: frozenset[Entry] = frozenset()
    for n in range(9):
        base, held = held, held | {Entry(TrustRole.ALLOWLISTED, f"{n:064}")}
        for is_good in (False, True):
            with transaction.atomic():
                publication = intent(world, base, held)
                if is_good:
                    publications.mark_verified(publication, etag="e", at=timezone.now())
                else:
                    why = Hindrance("cloud-conflict", "etag")
                    publications.mark_failed(publication, why, at=timezone.now())
    for publication in writes():
        assert revision_digest(set_of(publication)) == publication.revision_digest
    gaps = [one.revision for one in writes() if one.entries is not None]
    assert max(b - a for a, b in pairwise(gaps)) <= 4


def test_a_set_that_cannot_be_told_is_said(world: World) -> None:
    world.applied(make("a"))
    world.applied(make("b"))
    Publication.objects.filter(revision=1).update(entries=None)
    answer = read(world, "sam", writes()[1])
    assert answer.status_code == 409
    assert "does not tell its set" in answer.content.decode()


def test_while_its_outcome_is_open_a_write_has_its_set(world: World) -> None:
    change = world.applied(make("a"))
    base = change.trust_config.observed
    entries = base | {Entry(TrustRole.ALLOWLISTED, make("b").fingerprint)}
    with transaction.atomic():
        publication = intent(world, base, entries)
        assert not publication.keeps_set
        assert publication.entry_set == entries
        publications.mark_sent(publication, operation_name="o", at=timezone.now())
        publications.mark_written(publication, at=timezone.now())
        publication.refresh_from_db()
        assert publication.entry_set == entries
        publications.mark_verified(publication, etag="e2", at=timezone.now())
        publication.refresh_from_db()
    with pytest.raises(AssertionError, match="kept as steps"):
        _ = publication.entry_set
    assert set_of(publication) == entries


def test_after_an_edit_outside_the_set_is_kept_again(world: World) -> None:
    stays = make("stays")
    world.applied(stays)
    world.edited_outside(allowlisted=[stays.parsed.pem, make("foreign").parsed.pem])
    world.adopted()
    world.applied(make("after"))
    last = writes()[-1]
    assert last.keeps_set and last.entries is not None
    assert len(set_of(last)) == 3


def test_steps_that_do_not_lead_to_the_digest_are_said_and_not_shown(world: World) -> None:
    world.applied(make("a"))
    world.applied(make("b"))
    second = writes()[1]
    Publication.objects.filter(pk=second.pk).update(steps=[])
    second.refresh_from_db()
    with pytest.raises(LookupError, match="do not lead"):
        set_of(second)


def test_without_a_whole_set_nothing_is_guessed(world: World) -> None:
    world.applied(make("a"))
    world.applied(make("b"))
    Publication.objects.filter(revision=1).update(entries=None)
    with pytest.raises(LookupError, match="no whole set"):
        set_of(writes()[1])


def test_of_a_shared_trust_config_a_tenant_reads_nobody_elses_entries(world: World) -> None:
    world.applied(make("theirs"), **LENA)
    publication = writes("shared-clients")[-1]
    assert read(world, "sam", publication).status_code == 404
    assert read(world, "rita", publication).status_code == 200
    page = world.page("sam").get(f"/t/payments/trust-configs/{publication.trust_config_id}/")
    assert "/revisions/" not in page.content.decode()


def test_what_is_not_verified_or_not_there_is_not_found(world: World) -> None:
    world.applied(make("a"))
    publication = writes()[0]
    trust_config = TrustConfig.objects.get(pk=publication.trust_config_id)
    page = world.page("sam")
    path = f"/t/payments/trust-configs/{trust_config.pk}/revisions"
    assert page.get(f"{path}/999/").status_code == 404
    assert page.get(f"{path}/99999999999999999999/").status_code == 404
    Publication.objects.filter(pk=publication.pk).update(state="failed")
    assert page.get(f"{path}/{publication.revision}/").status_code == 404


def test_the_page_of_the_trust_config_leads_there(world: World) -> None:
    world.applied(make("a"))
    publication = writes()[0]
    path = f"/t/payments/trust-configs/{publication.trust_config_id}/"
    assert f'href="{path}revisions/1/"' in world.page("sam").get(path).content.decode()
