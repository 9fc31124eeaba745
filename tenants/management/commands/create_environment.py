from typing import Any

from django.core.management.base import CommandParser

from audit.events import Actor
from tenants.flows import set_up
from tenants.management.base import FlowCommand


class Command(FlowCommand):
    help = "Makes an environment: one Google Cloud project with its own workers, queue and service account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("name")
        parser.add_argument("--project", required=True, help="the Google Cloud project id")
        parser.add_argument("--location", default="global")
        parser.add_argument(
            "--votes", type=int, default=1, help="how many reviewers must approve a change"
        )
        parser.add_argument("--production", action="store_true")
        parser.add_argument(
            "--service-account", default="", help="the identity of its workers, for the record"
        )

    def run(self, actor: Actor, options: dict[str, Any]) -> str:
        set_up.create_environment(
            actor=actor,
            slug=options["slug"],
            name=options["name"],
            project=options["project"],
            location=options["location"],
            votes_needed=options["votes"],
            is_production=options["production"],
            service_account=options["service_account"],
        )
        return f"environment {options['slug']} exists; its workers serve the queue env-{options['slug']}"
