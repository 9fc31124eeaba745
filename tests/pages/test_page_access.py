"""What a tenant does not learn of another."""

from django.test import Client

from audit.models import AuditEvent
from tests.certificates import make, make_ca
from tests.world import World

LENA = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}


def test_a_tenant_does_not_learn_who_else_trusts_a_certificate(world: World) -> None:
    public = make_ca("Public Root")
    world.applied(public, **LENA)
    change = world.submit(public)
    world.work()
    url, sentence = (
        f"/t/payments/changes/{change.number}/",
        b"Other tenants with one of these certificates",
    )
    for name, expected in (("sam", False), ("rita", True)):
        client = Client()
        client.force_login(world.user(name))
        assert (sentence in client.get(url).content) is expected


def test_the_other_tenant_sees_no_names(world: World) -> None:
    mine = make("mine-secret")
    world.applied(mine, to="shared-clients")
    f = make("foreign-secret")
    world.edited_outside("shared-clients", allowlisted=[f.parsed.pem])
    ch = world.adopt("shared-clients", by="sam")
    world.work()
    page = Client()
    page.force_login(world.user("lena"))
    tc = world.trust_config("shared-clients")
    html = page.get(f"/t/logistics/trust-configs/{tc.pk}/").content.decode()
    for secret in (mine.fingerprint, f.fingerprint, "mine-secret", "foreign-secret"):
        assert secret not in html
    assert page.get(f"/t/logistics/changes/{ch.number}/").status_code in (404, 403)

    for e in AuditEvent.objects.filter(tenant_id=world.tenant("logistics").pk):
        s = str(vars(e))
        assert mine.fingerprint not in s and f.fingerprint not in s, e.type
    assert "/t/payments/" not in html
