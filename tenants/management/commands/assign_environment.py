from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import set_up
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Gives a tenant an environment; a worker then makes its vault keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant")
        parser.add_argument("environment")

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        set_up.assign_environment(
            actor=actor, tenant_slug=options["tenant"], environment_slug=options["environment"]
        )
        return f"{options['tenant']} has {options['environment']}"
