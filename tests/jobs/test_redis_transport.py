"""A worker that could not tell Redis that a message is done takes the next one all the same."""

from typing import Any

import pytest
from kombu import Connection
from kombu.transport import redis
from kombu.transport.redis import get_redis_error_classes

from portal.celery import app

pytestmark = pytest.mark.postgresql  # with it comes Redis


@pytest.fixture
def channel(broker: str) -> Any:
    if not broker.startswith("redis"):
        pytest.skip("needs Redis: TEST_REDIS_URL")
    with Connection(
        broker, transport_options={"global_keyprefix": "transport-test:"}
    ) as connection:
        made = connection.channel()
        made.client.flushdb()
        yield made
        made.client.flushdb()


def _take(channel: Any) -> Any:
    """As a worker takes a message: it counts until it is acknowledged."""
    connection = channel.connection.client
    connection.SimpleQueue("places", channel=channel).put("first")
    message = channel.basic_get("places")
    assert message is not None
    return message


def test_a_place_is_free_though_redis_did_not_hear_that_the_message_is_done(
    channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = get_redis_error_classes().connection_errors[0]
    channel.qos.prefetch_count = 1
    message = _take(channel)
    assert not channel.qos.can_consume()

    def hangs(*_: object) -> None:
        raise lost("Timeout reading from socket")

    with monkeypatch.context() as patched:
        patched.setattr(redis.QoS, "_remove_from_indices", hangs)
        with pytest.raises(lost):
            channel.basic_ack(message.delivery_tag)
    assert channel.qos.can_consume()


def test_a_message_that_is_done_is_gone_from_redis(channel: Any) -> None:
    message = _take(channel)
    assert channel.client.hlen("unacked") == 1
    channel.basic_ack(message.delivery_tag)
    assert channel.client.hlen("unacked") == 0
    assert channel.qos.can_consume()


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_the_portal_uses_it(scheme: str) -> None:
    assert app.conf.broker_url is not None
    assert Connection(f"{scheme}://localhost:1/0").get_transport_cls().__module__ == (
        "jobs.redis_transport"
    )
