"""Redis as the broker: kombu's transport, with workers that do not fall silent when Redis hangs while they say "done".

Kombu counts a message as taken until Redis has heard that it is done. When that could not be told it counts for ever:
each hang costs the worker a place, and without a place it takes nothing, while it seems to be well. A message says only
which row is to be looked at, so the place is free at once; Redis gives the message out again later, and it does nothing.
"""

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel: Any = Channel
