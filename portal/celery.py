"""Celery's engine. It carries job numbers only: the job table is the truth, a message only says which row."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_after_setup, worker_init, worker_process_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings

TRANSPORT_ALIASES["filesystem"] = "jobs.filesystem_transport:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "jobs.redis_transport:Transport"
app = Celery("countersign")

_folder = settings.VAR_DIR / "broker"
_filesystem = {
    "data_folder_in": str(_folder / "queue"),
    "data_folder_out": str(_folder / "queue"),
    "control_folder": str(_folder / "control"),
    "polling_interval": 0.1,
}
# kombu 5.7: without the two restore settings a message lost by a killed worker comes back after some 100 s only.
_redis = {
    "global_keyprefix": f"{settings.INSTALLATION}:queue:",
    "visibility_timeout": 300,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    # Of whoever only rings, a person's request among them: a Redis that hangs costs a moment, and the sweep finds the row.
    "socket_timeout": 0.1,
    "socket_connect_timeout": 0.1,
}
# Of workers, which take messages.
_patient = {"socket_timeout": 3, "socket_connect_timeout": 2}

if settings.BROKER_URL.startswith("filesystem"):
    (_folder / "queue").mkdir(parents=True, exist_ok=True)
    (_folder / "control").mkdir(parents=True, exist_ok=True)

app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=_filesystem
    if settings.BROKER_URL.startswith("filesystem")
    else _redis,
    broker_connection_retry_on_startup=True,
    task_default_queue="portal",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0},
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,  # nobody who writes to the broker tells a worker what to do
    beat_schedule={
        "sweep": {"task": "jobs.ring", "schedule": settings.SWEEP_SECONDS, "args": (None,)}
    },
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
)
app.autodiscover_tasks()


@worker_init.connect
def _wait(**_: Any) -> None:
    """Before the worker connects."""
    if settings.BROKER_URL.startswith("redis"):
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, **_patient}


@celeryd_after_setup.connect
def _serve(instance: Any, **_: Any) -> None:
    """A worker claims from the queues that it was started for, and gives signs of life."""
    from jobs import heartbeat, worker
    from jobs.models import Heartbeat

    names = set(instance.app.amqp.queues.consume_from)
    if settings.ONE_QUEUE:
        heartbeat.start(Heartbeat.Role.WORKER, [heartbeat.EVERY_QUEUE])
        return
    worker.served = frozenset(names)
    heartbeat.start(Heartbeat.Role.WORKER, names)


@worker_process_init.connect
def _renew(**_: Any) -> None:
    from jobs import heartbeat

    heartbeat.start_renewing()


@beat_init.connect
def _beat(**_: Any) -> None:
    from jobs import heartbeat
    from jobs.models import Heartbeat

    heartbeat.start(Heartbeat.Role.BEAT)
