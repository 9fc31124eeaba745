"""Every setting of the portal. What may differ between installations is read from the environment (.env.example)."""

import logging
import secrets
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Which installation is this -----------------------------------------------------------------
COUNTERSIGN_ENV = env.text("COUNTERSIGN_ENV", "embedded")
if COUNTERSIGN_ENV not in {"embedded", "production"}:
    raise env.BadSetting(
        f"COUNTERSIGN_ENV must be embedded or production, not {COUNTERSIGN_ENV!r}."
    )
IS_PRODUCTION = COUNTERSIGN_ENV == "production"
VERSION = env.installed_version(BASE_DIR)
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))
DEBUG = False


def _embedded_secret_key() -> str:
    """Makes a key once for a machine that has none; production must bring its own."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        half = VAR_DIR / f"secret_key.{secrets.token_hex(4)}"  # whole or not at all
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        half.rename(path)
    return path.read_text(encoding="utf-8")


SECRET_KEY = (
    env.text("SECRET_KEY")
    if IS_PRODUCTION
    else env.text("SECRET_KEY", "") or _embedded_secret_key()
)
if IS_PRODUCTION:
    env.require_strong("SECRET_KEY", SECRET_KEY)
PORT = env.number("PORT", 8000, least=1)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", *(() if IS_PRODUCTION else ("localhost,127.0.0.1",)))
if IS_PRODUCTION:
    env.require_hosts("ALLOWED_HOSTS", ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")

# --- Database, queue ----------------------------------------------------------------------------
DATABASES = {
    "default": env.database(
        "DATABASE_URL", *(() if IS_PRODUCTION else (f"sqlite:///{VAR_DIR / 'db.sqlite3'}",))
    )
}
# Begins the name of everything that this installation keeps in Redis: two on one Redis take nothing from each other.
INSTALLATION = env.slug("INSTALLATION", env.slug_of(DATABASES["default"]["NAME"]))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BROKER_URL = env.text("BROKER_URL", *(() if IS_PRODUCTION else ("filesystem://localhost",)))
if IS_PRODUCTION:
    env.require_postgresql("DATABASE_URL", DATABASES["default"])
    env.require_redis("BROKER_URL", BROKER_URL)
# One queue per environment keeps each environment's workers under their own identity; embedded, one worker serves all.
ONE_QUEUE = env.flag("ONE_QUEUE", default=not IS_PRODUCTION)
# Renewed by the worker every three seconds while it runs the job; a killed worker's job starts again soon after.
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 9, least=4)
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 5, least=1)
# Counts sign-in attempts over all web processes; embedded there is one process. Redis, with a database or user of its own.
CACHE_URL = env.text("CACHE_URL", env.other_database(BROKER_URL))
env.require_cache("CACHE_URL", CACHE_URL)
CACHES = {
    "default": {
        "BACKEND": "portal.cache.SharedCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": f"{INSTALLATION}:cache",
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Google Cloud -------------------------------------------------------------------------------
# Empty: Google Cloud itself. HOST:PORT on loopback: the emulator, which every page then says.
GCP_ENDPOINT = env.text("GCP_ENDPOINT", "" if IS_PRODUCTION else "127.0.0.1:9411")
if IS_PRODUCTION:
    env.require_loopback("GCP_ENDPOINT", GCP_ENDPOINT)  # the channel to an emulator is plain
EMULATOR_ADMIN = env.text("EMULATOR_ADMIN", "127.0.0.1:9412")
KMS_KEY_RING = env.text(
    "KMS_KEY_RING",
    *(() if IS_PRODUCTION else ("projects/demo-keys/locations/global/keyRings/countersign",)),
)
RPC_TIMEOUT_SECONDS = env.number("RPC_TIMEOUT_SECONDS", 30, least=1)
# The writer's lease must outlast the longest call, or two workers could write at once.
LEASE_SECONDS = env.number("LEASE_SECONDS", 90, least=RPC_TIMEOUT_SECONDS + 1)
POLL_SECONDS = env.number("POLL_SECONDS", 1)
# An operation that is not done by then is settled by reading what is live.
OPERATION_SECONDS = env.number("OPERATION_SECONDS", 900, least=1)
# Our share of Google's 300 reads and 300 writes per minute and project; others use the same project.
READS_PER_MINUTE = env.number("READS_PER_MINUTE", 200, least=1)
WRITES_PER_MINUTE = env.number("WRITES_PER_MINUTE", 60, least=1)
PROPAGATION_SECONDS = env.number("PROPAGATION_SECONDS", 120)
# Trust configs that Google allows in one project; a quota that can be raised there.
TRUST_CONFIGS_PER_PROJECT = env.number("TRUST_CONFIGS_PER_PROJECT", 5, least=1)
# Load balancers, HOST:PORT, to which workers may connect as untrusted clients, and the CAs that their certificates are checked by.
env.refuse_former({"GATE_ENDPOINTS": "PROBE_ENDPOINTS", "GATE_CA_FILE": "PROBE_CA_FILE"})
PROBE_ENDPOINTS = env.words("PROBE_ENDPOINTS", "" if IS_PRODUCTION else "localhost:9443")
PROBE_CA_FILE = env.text("PROBE_CA_FILE", "" if IS_PRODUCTION else str(VAR_DIR / "gateway.pem"))
# How often live is listed and held against what was last observed.
DRIFT_MINUTES = env.number("DRIFT_MINUTES", 3, least=1)
# An approval that was not written by then counts no more.
APPROVAL_DAYS = env.number("APPROVAL_DAYS", 14, least=1)
VAULT_KEY_DAYS = env.number("VAULT_KEY_DAYS", 90, least=1)
ROLLBACK_WINDOW_DAYS = env.number("ROLLBACK_WINDOW_DAYS", 30, least=1)

# --- Applications -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "web",
    "approvals",
    "certs",
    "tenants",
    "audit",
    "jobs",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_tables2",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
if not IS_PRODUCTION:
    INSTALLED_APPS.append("emulator")
DJANGO_TABLES2_TEMPLATE = "components/_table.html"
MIDDLEWARE = [
    "portal.health.ProbeMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "portal.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.PreferencesMiddleware",
    "portal.middleware.ReadOnceMiddleware",
    "portal.middleware.RequestSizeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.send_again.KeepTypedMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "portal.middleware.ErrorMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
# Tags and filters that every template may use without loading them.
TAGS = [
    "django.templatetags.i18n",
    "django.templatetags.static",
    "django_tables2.templatetags.django_tables2",
    "web.templatetags.badges",
    "web.templatetags.look",
    "pages.templatetags.x509",
    "pages.templatetags.policy_texts",
    "pages.templatetags.changes",
    "pages.templatetags.events",
    "pages.templatetags.fields",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": TAGS,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
        },
    }
]

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_DISPLAY = "portal.accounts.display_name"
SIGN_IN_LINK_MINUTES = env.number(
    "SIGN_IN_LINK_MINUTES", 60 * 24 if not IS_PRODUCTION else 30, least=1
)
# Google's load balancer adds two addresses to X-Forwarded-For; the client's is the second from the right.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 2 if IS_PRODUCTION else 0)
# Yes only where the proxy sets X-Request-Id itself, whatever a client sent: Google's load balancer does not.
TRUST_REQUEST_ID = env.flag("TRUST_REQUEST_ID", default=False)
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if IS_PRODUCTION
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_HOST = env.text("EMAIL_HOST", *(() if IS_PRODUCTION else ("localhost",)))
# STARTTLS; a relay on this very machine may do without.
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=IS_PRODUCTION)
EMAIL_PORT = env.number("EMAIL_PORT", 587 if EMAIL_USE_TLS else 25)
EMAIL_TIMEOUT = 10
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "countersign@localhost")

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Browser security ---------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],  # Tabler draws its form controls with data: images
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_PRODUCTION else None

# --- Uploads: memory only, so that nothing a person uploads ever touches a disk -------------------
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
# The form carries up to 1,000 canonical PEMs besides the files. A larger request is refused before it is read: the
# handler for memory would drop its files without a word.
MAXIMAL_REQUEST_BYTES = FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE = 12_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000
DATA_UPLOAD_MAX_NUMBER_FILES = 100

# A request must have arrived whole by then, or its thread goes on without it (portal.web_worker).
REQUEST_SECONDS = env.number("REQUEST_SECONDS", 20, least=1)

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
# In an image: a folder of the image, so that a volume over VAR_DIR holds no old files.
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION

# --- Metrics: for Prometheus, with "Authorization: Bearer TOKEN"; without a token there are none ---------------------
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
if METRICS_TOKEN and IS_PRODUCTION:
    env.require_strong("METRICS_TOKEN", METRICS_TOKEN, length=env.TOKEN_LENGTH)
PROMETHEUS_EXPORT_MIGRATIONS = False

# --- Logs: names, ids and times; never a body ------------------------------------------------------
LOGGING = logs.configuration(
    level=env.text("LOG_LEVEL", "INFO" if IS_PRODUCTION else "WARNING"), as_json=IS_PRODUCTION
)
# One line a request, when it has ended. Who asked is added by portal.logs, which asks no database.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""

# --- Errors and traces for who has a place for them: the extras sentry and opentelemetry -----------------------------
SENTRY_DSN = env.text("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", "")

MESSAGE_TAGS = {10: "info", 20: "info", 25: "success", 30: "warning", 40: "danger"}
