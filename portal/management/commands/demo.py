"""The demo: people, tenants in both modes, environments, trust configs, and certificate files to upload. Made at run time."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import demo_certificates, demo_seed
from tenants.flows import people


class Command(BaseCommand):
    help = "Seeds what of the demo is not there yet, and prints fresh one-time sign-in links."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base",
            default=f"http://localhost:{settings.PORT}",
            help="where the portal is reached, for the links",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION or not settings.GCP_ENDPOINT:
            raise CommandError(
                "The demo needs the emulator and does not run under production settings."
            )
        folder = demo_certificates.write(settings.VAR_DIR / "demo-certificates")
        try:
            demo_seed.seed(self._say)
        except demo_seed.NotSeeded:
            raise CommandError(
                "The worker did not register the demo's trust configs within a minute. "
                "Start it again: what is there stays, the rest is done then."
            ) from None
        self._say(f"\nCertificates to upload: {folder}\n\nSign-in links (each works once):")
        for email, name, grants in demo_seed.PEOPLE:
            token = people.create_sign_in_link(actor=demo_seed.ME, email=email)
            roles = ", ".join(f"{role} of {tenant}" if tenant else role for role, tenant in grants)
            self._say(f"  {name:<14} {roles:<44} {options['base']}/sign-in/#{token}")
        if settings.PROBE_ENDPOINTS:
            self._say(
                f"\nThe demo's load balancer, before shared-clients in dev: https://{settings.PROBE_ENDPOINTS[0]}/ (its CA: {settings.PROBE_CA_FILE})"
            )
        self._say(
            f"The emulator's admin page, to change a trust config behind the portal's back: http://{settings.EMULATOR_ADMIN}/\n"
        )

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
