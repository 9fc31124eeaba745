"""The access log of the web process."""

from typing import Any

from gunicorn.glogging import Logger

from portal.logs import without_bodies


class AccessLogger(Logger):
    """Gunicorn's access log, in which no path and no referrer holds a secret."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return {
            key: without_bodies(value) if isinstance(value, str) else value
            for key, value in found.items()
        }
