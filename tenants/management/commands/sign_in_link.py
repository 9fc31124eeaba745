from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import people
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Prints a link that signs one person in once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--base",
            default=f"http://localhost:{settings.PORT}",
            help="scheme and host of the portal",
        )

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        token = people.create_sign_in_link(actor=actor, email=options["email"])
        return f"{options['base'].rstrip('/')}/sign-in/#{token}"
