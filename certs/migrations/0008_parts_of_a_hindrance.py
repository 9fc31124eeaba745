"""Why workers wait, a write failed or a sweep is refused is kept in its parts: code, RPC, Google's reason, Google's words."""

import re
from typing import Any

from django.db import migrations, models

PARTS = (("TrustConfig", "waiting"), ("GoogleLocation", "refused"))
RPC_FIRST = re.compile(
    r"((?:Get|List|Create|Update|Delete)TrustConfigs?|GetOperation|ListOperations|Encrypt|Decrypt|GetPublicKey): (.*)",
    re.DOTALL,
)
API_IS_OFF = ("SERVICE_DISABLED", "has not been used in project", "it is disabled")


def reason_in(words: str) -> str:
    """What an earlier version read out of Google's words each time."""
    return "SERVICE_DISABLED" if any(sign in words for sign in API_IS_OFF) else ""


def to_parts(apps: Any, _editor: Any) -> None:
    """Words began with the RPC that was refused, where one was."""
    for name, prefix in PARTS:
        rpc, words, reason = f"{prefix}_rpc", f"{prefix}_words", f"{prefix}_reason"
        for row in apps.get_model("certs", name).objects.exclude(**{f"{prefix}_code": ""}):
            if match := RPC_FIRST.match(getattr(row, words)):
                setattr(row, rpc, match.group(1))
                setattr(row, words, match.group(2))
                setattr(row, reason, reason_in(match.group(2)))
                row.save(update_fields=[rpc, words, reason])


def to_words(apps: Any, _editor: Any) -> None:
    for name, prefix in PARTS:
        rpc, words = f"{prefix}_rpc", f"{prefix}_words"
        for row in apps.get_model("certs", name).objects.exclude(**{rpc: ""}):
            setattr(row, words, f"{getattr(row, rpc)}: {getattr(row, words)}")
            row.save(update_fields=[words])


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0007_golden_removal"),
    ]

    operations = [
        migrations.RenameField("googlelocation", "refused_detail", "refused_words"),
        migrations.RenameField("trustconfig", "waiting_detail", "waiting_words"),
        *[
            migrations.AddField(
                model_name=model,
                name=name,
                field=models.CharField(blank=True, max_length=length),
            )
            for model, prefix in (
                ("googlelocation", "refused"),
                ("publication", "failure"),
                ("trustconfig", "waiting"),
            )
            for name, length in ((f"{prefix}_rpc", 60), (f"{prefix}_reason", 63))
        ],
        migrations.RunPython(to_parts, to_words),
    ]
