"""What the set-up commands share: they call one flow, and say a refusal as a sentence instead of a traceback."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.events import Actor, command
from tenants.errors import TenantError


class FlowCommand(BaseCommand):
    """``run`` makes the one call and returns what is to be printed."""

    def handle(self, *args: Any, **options: Any) -> None:
        name = type(self).__module__.rpartition(".")[2]
        try:
            self.stdout.write(self.run(command(name), options))
        except TenantError as error:
            raise CommandError(str(error.sentence)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        raise NotImplementedError
