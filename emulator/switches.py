"""What is not known of the real service, as switches, so that the portal can be tried under either answer."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Switches:
    etag_covers_labels: bool = True
    # ABORTED or FAILED_PRECONDITION on an update whose etag is stale.
    stale_etag_code: str = "ABORTED"
    # A second write while one runs is refused with ABORTED, or queued and applied in turn.
    queues_updates: bool = False
    # Refuses an update without an etag, as a portal that never writes over an unseen edit wants it.
    requires_etag: bool = False
    # Whether a queued write's etag is looked at again in the moment in which it is applied.
    rechecks_etag: bool = True

    def set(self, values: dict[str, Any]) -> None:
        """:raises ValueError: for a switch that is not there or a value of another type."""
        for name, value in values.items():
            if name not in asdict(self) or type(value) is not type(getattr(self, name)):
                raise ValueError(f"no switch {name} that takes {value!r}")
            setattr(self, name, value)

    def reset(self) -> None:
        self.set(asdict(Switches()))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


switches = Switches()
