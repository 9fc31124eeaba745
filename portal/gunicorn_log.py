"""What gunicorn itself says, in the form of all other lines."""

import logging.config
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
