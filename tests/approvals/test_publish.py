from tests.certificates import make, make_ca
from tests.world import World


def test_a_change_in_mode_a_is_countersigned_written_and_verified(world: World) -> None:
    root = make_ca()
    change = world.applied(root)
    assert change.state == "applied"
    assert world.live()["anchors"] == [root.parsed.pem]
    assert len(world.updates()) == 1
