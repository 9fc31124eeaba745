"""What gunicorn itself says, in the form of all other lines."""

import logging.config
import re
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger


class PortalLogger(Logger):
    """Its lines go where the portal's go. Requests are told by the portal when they have ended, with their id."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        for own in (self.error_log, self.access_log):
            own.handlers.clear()
            own.propagate = True

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Of a request that cannot be read its reason, and nothing of what was sent, which gunicorn quotes."""
        told = str(msg)
        if told.startswith("Invalid request from"):
            told = re.split("['\"]", told, maxsplit=1)[0].rstrip(" b")
        super().warning(told, *args, **kwargs)
