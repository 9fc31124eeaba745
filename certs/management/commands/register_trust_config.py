from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from certs.trust_configs import register
from tenants.management.base import FlowCommand
from tenants.models import Purpose


class Command(FlowCommand):
    help = "Registers a trust config that exists at Google: a worker reads it, and what is live becomes adopted entries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment")
        parser.add_argument("name")
        parser.add_argument("--purpose", choices=Purpose.values, default=Purpose.MTLS_CLIENT.value)
        parser.add_argument(
            "--tenant",
            action="append",
            required=True,
            dest="tenants",
            help="may be repeated; the first owns what is live already",
        )

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        identifier = register.name_trust_config(
            actor=actor,
            environment_slug=options["environment"],
            name=options["name"],
            purpose=options["purpose"],
            tenant_slugs=options["tenants"],
        )
        return f"{options['name']} is named ({identifier}); a worker reads it now"
