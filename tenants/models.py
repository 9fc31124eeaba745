"""Who there is: people, tenants, environments, and which grant lets whom do what."""

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from pki.policy import Policy
from tenants.windows import Closure, Window

slug_validator = RegexValidator(
    r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
    _("Use lower-case letters, digits and hyphens; begin with a letter."),
)


def default_self_service_roles() -> list[str]:
    return ["allowlisted_certificate"]


class Mode(models.TextChoices):
    PLATFORM_MANAGED = "platform_managed", _("Mode A, platform-managed")
    SELF_SERVICE = "self_service", _("Mode B, self-service")


class AccessRole(models.TextChoices):
    SUBMITTER = "submitter", _("Submitter")
    REVIEWER = "reviewer", _("Security reviewer")
    AUDITOR = "auditor", _("Auditor")
    TENANT_ADMIN = "tenant_admin", _("Tenant admin")
    PLATFORM_ADMIN = "platform_admin", _("Platform admin")


class Purpose(models.TextChoices):
    MTLS_CLIENT = "mtls-client", _("mTLS clients")
    MTLS_SERVER = "mtls-server", _("mTLS backends")


class User(AbstractUser):
    email = models.EmailField(_("email address"), unique=True)
    full_name = models.CharField(_("full name"), max_length=150)
    language = models.CharField(max_length=10, blank=True, default="")
    theme = models.CharField(
        max_length=5, blank=True, default="", choices=[("light", _("Light")), ("dark", _("Dark"))]
    )

    def __str__(self) -> str:
        return self.full_name or self.email


class Tenant(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=150)
    mode = models.CharField(max_length=20, choices=Mode, default=Mode.PLATFORM_MANAGED)
    mode_since = models.DateTimeField(auto_now_add=True)
    policy_version = models.PositiveIntegerField(default=1)
    last_change_number = models.PositiveBigIntegerField(default=0)
    # Limits of mode B. Whatever lies outside them becomes a review.
    self_service_roles = models.JSONField(default=default_self_service_roles)
    self_service_item_count = models.PositiveIntegerField(default=10)
    self_service_in_production = models.BooleanField(default=False)
    self_service_with_warnings = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="tenant_mode_is_known")
        ]

    @property
    def is_self_service(self) -> bool:
        """Mode B: changes inside its limits pass without a person."""
        return self.mode == Mode.SELF_SERVICE

    def __str__(self) -> str:
        return self.name


class Environment(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=150)
    is_production = models.BooleanField(default=False)
    project = models.CharField(max_length=100)
    location = models.CharField(max_length=63, default="global")
    votes_needed = models.PositiveSmallIntegerField(default=1)
    queue = models.CharField(max_length=64)
    service_account = models.EmailField(blank=True)
    tenants = models.ManyToManyField(
        Tenant, through="TenantEnvironment", related_name="environments"
    )

    class Meta:
        ordering = ["is_production", "slug"]
        constraints = [
            models.CheckConstraint(condition=Q(votes_needed__gte=1), name="at_least_one_vote")
        ]

    def __str__(self) -> str:
        return self.name


class ChangeWindow(models.Model):
    """A weekly time in which changes that wait for a window are written."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()
    zone = models.CharField(max_length=64)

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_known")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M} {self.zone}"

    @property
    def window(self) -> Window:
        return Window(self.weekday, self.opens, self.closes, self.zone)


class Freeze(models.Model):
    """A time in which nothing is written but revocations, and why."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="freezes")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["begins_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("begins_at")), name="a_freeze_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return self.reason[:50]

    @property
    def closure(self) -> Closure:
        return Closure(self.begins_at, self.ends_at)


class TenantEnvironment(models.Model):
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment"], name="one_row_per_tenant_environment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.environment_id}"


class Grant(models.Model):
    """A role for a tenant or, without one, for the whole platform; in an environment or, without one, in all."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=AccessRole)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, blank=True)
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user",
                "role",
                Coalesce("tenant", 0),
                Coalesce("environment", 0),
                name="one_grant_each",
            ),
            models.CheckConstraint(
                condition=~Q(role=AccessRole.PLATFORM_ADMIN) | Q(tenant=None),
                name="platform_admins_are_platform_wide",
            ),
            models.CheckConstraint(
                condition=~Q(role=AccessRole.TENANT_ADMIN) | Q(tenant__isnull=False),
                name="tenant_admins_have_a_tenant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class SignInLink(models.Model):
    """A link that signs one person in once. Only the hash of its token is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link for {self.user_id}"


class ModeSwitch(models.Model):
    """A tenant's way from one mode to another. A→B waits for a second person; B→A has none to wait for."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waiting for a second person")
        DONE = "done", _("Done")
        DECLINED = "declined", _("Declined")

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="mode_switches")
    to_mode = models.CharField(max_length=20, choices=Mode)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    reason = models.TextField()
    limits = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(state="proposed"),
                name="one_proposed_switch_per_tenant",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=models.F("proposed_by")) | Q(to_mode=Mode.PLATFORM_MANAGED),
                name="a_second_person_decides",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant} → {self.to_mode}"


class PolicyVersion(models.Model):
    """One version of a policy: the platform's floor or, with a tenant, that tenant's tightening. Never changed, only followed.

    In force at an instant is, of the decided versions whose date has come, the one with the latest date and number.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waiting for a second person")
        DECIDED = "decided", _("Decided")
        DECLINED = "declined", _("Declined")

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="policy_versions"
    )
    number = models.PositiveIntegerField()
    document = models.JSONField()
    # Lines on which it lets more pass than the version that it follows; such a version takes a second person.
    loosened = models.JSONField(default=list)
    is_loosening = models.BooleanField(default=False)
    effective_from = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    reason = models.TextField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("number", Coalesce("tenant", 0), name="one_policy_per_number"),
            models.UniqueConstraint(
                Coalesce("tenant", 0),
                condition=Q(state="proposed"),
                name="one_proposed_policy_each",
            ),
            models.CheckConstraint(
                condition=Q(is_loosening=False)
                | Q(decided_by=None)
                | ~Q(decided_by=models.F("proposed_by")),
                name="a_second_person_loosens",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-effective_from"], name="policy_in_force")
        ]

    def __str__(self) -> str:
        return f"{self.tenant.slug if self.tenant else 'platform'}@{self.number}"

    @property
    def policy(self) -> Policy:
        return Policy.from_json(self.document)
