from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import set_up
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Makes a tenant, in mode A, and gives it environments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("name")
        parser.add_argument(
            "--environment",
            action="append",
            default=[],
            dest="environments",
            help="may be repeated",
        )

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        set_up.create_tenant(actor=actor, slug=options["slug"], name=options["name"])
        for environment in options["environments"]:
            set_up.assign_environment(
                actor=actor, tenant_slug=options["slug"], environment_slug=environment
            )
        return f"tenant {options['slug']} exists, with {len(options['environments'])} environments"
