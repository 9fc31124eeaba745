from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import people
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Makes a person, without password and without rights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("full_name")
        parser.add_argument("--language", default="", choices=["", "en", "zh-hans"])

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        people.create_user(
            actor=actor,
            email=options["email"],
            full_name=options["full_name"],
            language=options["language"],
        )
        return f"{options['email']} exists. Next: manage.py grant {options['email']} ROLE"
