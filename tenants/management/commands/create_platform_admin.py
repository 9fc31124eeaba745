from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import people
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Makes the first platform admin. Works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("full_name")

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        people.create_first_platform_admin(
            actor=actor, email=options["email"], full_name=options["full_name"]
        )
        return f"{options['email']} is the first platform admin. Next: manage.py sign_in_link {options['email']}"
