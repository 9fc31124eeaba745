"""A small installation made by the real flows against the real emulator: people, two tenants, environments, trust configs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from approvals.asking import resolve_drift, roll_back
from approvals.asking import submit as submit_flow
from approvals.deciding import switch_mode, vote
from approvals.draft import AT_ONCE, Addition, Removal, Timing
from approvals.models import ChangePublication, ChangeRequest
from approvals.publishing import sweep
from audit.events import Actor, command
from certs.models import Publication, TrustConfig
from certs.trust_configs import register
from certs.trust_configs.drift import open_case
from jobs import tasks
from jobs.models import Job, JobState
from pki.plan import revision_digest
from pki.rules import proposed_role
from portal import celery_app
from tenants.flows import people, set_up
from tenants.models import Tenant, User
from tests.certificates import Made, make

COMMAND = command("test")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NAP = timedelta(seconds=20)  # a job due later than this waits for a date or for the cloud
MOST_NAPS = 8
KEY_RING = "projects/demo-keys/locations/global/keyRings/countersign"


@dataclass
class World:
    emulator: Any
    users: dict[str, User] = field(default_factory=dict)

    # --- people
    def user(self, name: str) -> User:
        return self.users[name]

    def actor(self, name: str) -> Actor:
        user = self.users[name]
        return Actor(
            "person",
            str(user.pk),
            user.full_name,
            user.email,
            "127.0.0.1",
            "password",
            "session",
        )

    def add_user(self, name: str, *grants: tuple[str, str] | tuple[str, str, str]) -> User:
        email = f"{name}@example.com"
        pk = people.create_user(actor=COMMAND, email=email, full_name=name.title())
        for role, tenant, *environment in grants:
            people.give_grant(
                actor=COMMAND,
                email=email,
                role=role,
                tenant_slug=tenant,
                environment_slug=environment[0] if environment else "",
            )
        self.users[name] = User.objects.get(pk=pk)
        return self.users[name]

    def take_grant(self, name: str, role: str) -> None:
        """The person has this role nowhere any more."""
        self.users[name].grants.filter(role=role).delete()

    # --- things
    def tenant(self, slug: str = "payments") -> Tenant:
        return Tenant.objects.get(slug=slug)

    def trust_config(self, name: str = "payments-clients", environment: str = "dev") -> TrustConfig:
        return TrustConfig.objects.select_related("environment").get(
            name=name, environment__slug=environment
        )

    def resource(self, name: str = "payments-clients", environment: str = "dev") -> str:
        return f"projects/demo-{environment}/locations/global/trustConfigs/{name}"

    def live(self, name: str = "payments-clients", environment: str = "dev") -> dict[str, Any]:
        return self.emulator.certificate_manager.look(self.resource(name, environment))

    def edit_live(
        self, name: str = "payments-clients", environment: str = "dev", **edit: Any
    ) -> None:
        self.emulator.certificate_manager.edit_out_of_band(self.resource(name, environment), edit)

    def add_trust_config(
        self, name: str, *tenants: str, environment: str = "dev", **live: Any
    ) -> TrustConfig:
        self.edit_live(name, environment, **live)
        register.name_trust_config(
            actor=COMMAND,
            environment_slug=environment,
            name=name,
            purpose="mtls-client",
            tenant_slugs=list(tenants),
        )
        self.work()
        TrustConfig.objects.filter(name=name, environment__slug=environment).update(
            enforcement="allow"
        )  # so that it may be emptied
        return self.trust_config(name, environment)

    # --- acts
    def submit(
        self,
        *added: Made,
        by: str = "sam",
        tenant: str = "payments",
        to: str = "payments-clients",
        environment: str = "dev",
        role: str = "",
        removed: list[Removal] | None = None,
        names_revocation: bool = False,
        answers: dict[str, str] | None = None,
        timing: Timing = AT_ONCE,
    ) -> ChangeRequest:
        number = submit_flow.submit(
            actor=self.actor(by),
            tenant_id=self.tenant(tenant).pk,
            trust_config_id=str(self.trust_config(to, environment).pk),
            reason="A new partner.",
            additions=[
                Addition(made.parsed, role or proposed_role(made.parsed.facts).value)
                for made in added
            ],
            removals=removed or [],
            names_revocation=names_revocation,
            answers=answers,
            timing=timing,
        )
        return self.change(number, tenant)

    def change(self, number: int, tenant: str = "payments") -> ChangeRequest:
        return ChangeRequest.objects.get(tenant__slug=tenant, number=number)

    def fresh(self, change: ChangeRequest) -> ChangeRequest:
        return ChangeRequest.objects.get(pk=change.pk)

    def approve(self, change: ChangeRequest, by: str = "rita") -> None:
        change = self.fresh(change)
        vote.approve(
            actor=self.actor(by),
            tenant_id=change.tenant_id,
            number=change.number,
            digest=change.change_digest,
            comment="compared",
        )

    def checked(self, *added: Made, **options: Any) -> ChangeRequest:
        """Submitted and checked; in mode A it waits for its votes."""
        change = self.submit(*added, **options)
        self.work()
        return self.fresh(change)

    def scheduled(self, *added: Made, **options: Any) -> ChangeRequest:
        """Approved in dev, and due in three days."""
        due = timezone.now() + timedelta(days=3)
        return self.approved(*added, timing=Timing("at_time", due), **options)

    def applied(self, *added: Made, **options: Any) -> ChangeRequest:
        """A change taken through every step in mode A."""
        change = self.submit(*added, **options)
        self.work()
        for reviewer in ("rita", "ravi"):
            if self.fresh(change).state == "validated":
                self.approve(change, by=reviewer)
        self.work()
        return self.fresh(change)

    def approved(self, *added: Made, **options: Any) -> ChangeRequest:
        """Submitted, checked, approved by one reviewer, and written if its time has come."""
        change = self.submit(*added, **options)
        self.work()
        self.approve(change)
        self.work()
        return self.fresh(change)

    def write_begun(self, change: ChangeRequest) -> Publication:
        """A write of the change whose outcome nobody knows yet."""
        publication = Publication.objects.create(
            trust_config=change.trust_config,
            revision=999,
            base_digest="",
            revision_digest="",
            entries=[],
            etag_before="",
            worker="w",
            intended_at=timezone.now(),
        )
        ChangePublication.objects.create(change=change, publication=publication)
        return publication

    def edited_outside(
        self, name: str = "payments-clients", environment: str = "dev", **edit: Any
    ) -> None:
        """An edit behind the portal's back, and the sweep that sees it."""
        self.edit_live(name, environment, **edit)
        sweep.sweep(environment_id=self.trust_config(name, environment).environment_id)

    def page(self, name: str) -> Client:
        """A browser's session of this person; a fault of ours is a 500 there as well."""
        page = Client(raise_request_exception=False)
        page.force_login(self.user(name))
        return page

    def adopt(
        self,
        name: str = "payments-clients",
        *,
        by: str = "rita",
        tenant: str = "payments",
        digest: str = "",
        **options: Any,
    ) -> ChangeRequest:
        return self._resolve(resolve_drift.adopt, name, by, tenant, digest, **options)

    def put_back(
        self,
        name: str = "payments-clients",
        *,
        by: str = "rita",
        tenant: str = "payments",
        digest: str = "",
        **options: Any,
    ) -> ChangeRequest:
        options.setdefault("typed_name", name)
        return self._resolve(resolve_drift.put_back, name, by, tenant, digest, **options)

    def _resolve(
        self,
        resolve: Any,
        name: str,
        by: str,
        tenant: str,
        digest: str,
        environment: str = "dev",
        **options: Any,
    ) -> ChangeRequest:
        trust_config = self.trust_config(name, environment)
        case = open_case(trust_config)
        assert case is not None
        shown = digest or revision_digest(case.entry_set)
        pk = self.tenant(tenant).pk
        slug, number = resolve(
            actor=self.actor(by),
            tenant_id=pk,
            trust_config_id=str(trust_config.pk),
            digest=shown,
            reason="Seen.",
            **options,
        )
        return self.change(number, slug)

    def adopted(self, name: str = "payments-clients", **options: Any) -> ChangeRequest:
        """A drift adopted by a reviewer and approved by another."""
        change = self.adopt(name, **options)
        self.work()
        self.approve(change, by="ravi")
        self.work()
        return self.fresh(change)

    def self_service(self, tenant: str, **limits: Any) -> None:
        pk = self.tenant(tenant).pk
        switch_mode.propose(
            actor=self.actor("paula"),
            tenant_id=pk,
            reason="They know what they do.",
            limits=switch_mode.Limits(**limits),
        )
        self.decide_switch(tenant, by="rita")

    def decide_switch(self, tenant: str, *, by: str, is_confirmed: bool = True) -> None:
        """On what the page of the proposal shows now."""
        switch = self.tenant(tenant).mode_switches.filter(state="proposed").get()
        switch_mode.decide(
            actor=self.actor(by),
            tenant_id=switch.tenant_id,
            switch_id=switch.pk,
            digest=switch_mode.shown_digest(switch, timezone.now()),
            is_confirmed=is_confirmed,
        )

    def updates(self) -> list[str]:
        """Labels of the UpdateTrustConfig calls that took effect, oldest first."""
        return [
            call["detail"]
            for call in self.emulator.faults.calls()
            if call["rpc"] == "UpdateTrustConfig"
        ]

    def work(self, limit: int = 200) -> None:
        """Runs jobs in this process, as a worker would, until none waits; delays are not waited for, and long ones cut short only so often."""
        naps = 0
        for _ in range(limit):
            waiting = Job.objects.filter(state=JobState.WAITING).exclude(kind__in=_PERIODIC)
            job = waiting.annotate(naps=Q(due_at__gt=Now() + NAP)).order_by("due_at", "pk").first()
            if job is None or job.attempt_count > 3:
                return
            naps += job.naps
            if naps > MOST_NAPS:
                return
            Job.objects.filter(pk=job.pk).update(due_at=LONG_AGO)
            tasks.run(job.pk)


_PERIODIC = (
    "make_vault_keys_ahead",
    "forget_sealed",
    "wake_trust_configs",
    "record_anonymous_refusals",
    "forget_jobs",
    "forget_sign_ins",
    "try_golden_clients_everywhere",
    "forget_simulations",
    "sweep_everywhere",
    "lapse",
    "recount_votes",
    "remind",
    "probe_endpoints",
)


def build(emulator: Any) -> World:
    """Two tenants in mode A with a trust config each and one that both share, in dev and prod."""
    celery_app.loader.import_default_modules()  # every app's tasks.py registers its handlers
    world = World(emulator)
    for purpose in ("mtls-client", "mtls-server"):
        emulator.kms.make_key(f"{KEY_RING}/cryptoKeys/key-{purpose}")
    for slug, votes, is_production in (("dev", 1, False), ("prod", 2, True)):
        set_up.create_environment(
            actor=COMMAND,
            slug=slug,
            name=slug.title(),
            project=f"demo-{slug}",
            location="global",
            votes_needed=votes,
            is_production=is_production,
            service_account="",
        )
    for slug in ("payments", "logistics"):
        set_up.create_tenant(actor=COMMAND, slug=slug, name=slug.title())
        for environment in ("dev", "prod"):
            set_up.assign_environment(actor=COMMAND, tenant_slug=slug, environment_slug=environment)
    world.add_user("sam", ("submitter", "payments"))
    world.add_user("lena", ("submitter", "logistics"))
    world.add_user("rita", ("reviewer", ""))
    world.add_user("ravi", ("reviewer", ""))
    world.add_user("ada", ("auditor", ""))
    world.add_user("tom", ("tenant_admin", "payments"))
    world.add_user("paula", ("platform_admin", ""))
    world.add_user("sid", ("submitter", "payments", "dev"))  # in one environment only
    world.add_user("rex", ("reviewer", "", "dev"))
    world.add_user("nobody")
    world.work()
    world.add_trust_config("payments-clients", "payments")
    world.add_trust_config("payments-clients", "payments", environment="prod")
    world.add_trust_config("logistics-clients", "logistics")
    world.add_trust_config("shared-clients", "payments", "logistics")
    emulator.faults.clear_calls()
    return world


# --- what several files of tests do
def submit_rotation(
    world: World,
    to: str = "payments-clients",
    tenant: str = "payments",
    by: str = "sam",
    days: int = 10,
    **timing: Any,
) -> tuple[Made, Made, ChangeRequest, datetime]:
    """Old and new, the change that replaces one by the other with an overlap, and when that ends."""
    old, new = make("old"), make("new")
    world.applied(old, to=to, tenant=tenant, by=by)
    until = timezone.now() + timedelta(days=days)
    change = world.submit(
        new,
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing(overlap_until=until, **timing),
        to=to,
        tenant=tenant,
        by=by,
    )
    return old, new, change, until


def rolled_back(world: World, change: ChangeRequest, by: str) -> ChangeRequest:
    """The change that asks for the rollback, as far as workers take it."""
    number = roll_back.roll_back(
        actor=world.actor(by),
        tenant_id=change.tenant_id,
        number=change.number,
        typed_name=change.trust_config.name,
        also=[],
        reason="Undo.",
        originals=[],
    )
    world.work()
    return world.change(number, change.tenant.slug)


def page_text(world: World, person: str, path: str) -> str:
    """A page as this person sees it; white space between tags and attributes means nothing."""
    return " ".join(world.page(person).get(path).content.decode().split())


def sweep_environment(world: World, environment: str = "dev") -> None:
    sweep.sweep(environment_id=world.trust_config(environment=environment).environment_id)


def work_what_is_due(limit: int = 60) -> None:
    """As :meth:`World.work`, but jobs wait out their delays."""
    for _ in range(limit):
        due = Job.objects.filter(state=JobState.WAITING, due_at__lte=timezone.now())
        job = due.exclude(kind__in=_PERIODIC).order_by("due_at", "pk").first()
        if job is None:
            return
        tasks.run(job.pk)
