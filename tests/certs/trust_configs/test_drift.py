"""Whether live is what a person last decided on: the set and the label of the open case."""

from dataclasses import replace

from certs.trust_configs import publishing
from certs.trust_configs.drift import is_as_seen
from certs.trust_configs.live import LABEL
from tests.certificates import make
from tests.world import World


def test_another_set_or_another_label_is_not_what_was_seen(world: World) -> None:
    client = make("stays")
    world.applied(client, make("goes"))
    world.edited_outside(allowlisted=[client.parsed.pem])
    trust_config = world.trust_config()
    live = publishing.read_live(trust_config)
    assert is_as_seen(trust_config, live)
    assert not is_as_seen(trust_config, replace(live, labels={LABEL: "another"}))
    assert not is_as_seen(trust_config, replace(live, pems={}))
