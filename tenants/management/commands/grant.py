from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import people
from tenants.management.base import FlowCommand
from tenants.models import AccessRole


class Command(FlowCommand):
    help = "Gives a person a role, in a tenant or on the whole platform, in an environment or in all; --take takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=AccessRole.values)
        parser.add_argument("--tenant", default="")
        parser.add_argument("--environment", default="")
        parser.add_argument("--take", action="store_true")

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        flow = people.take_grant if options["take"] else people.give_grant
        flow(
            actor=actor,
            email=options["email"],
            role=options["role"],
            tenant_slug=options["tenant"],
            environment_slug=options["environment"],
        )
        return f"{options['email']}: {options['role']} {'taken' if options['take'] else 'given'}"
