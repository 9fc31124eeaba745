"""Pages over a long past: queries, time of the database and of the whole page, size. Run after ``manage.py load_history``:

DATABASE_URL=… python -m tests.bench pages
"""

import statistics
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.models import ChangeRequest
from audit.models import AuditFingerprint
from certs.models import TrustConfig
from tenants.models import Grant, Tenant, User

TIMES = 5


def person(name: str, role: str) -> User:
    """Somebody with a role on the whole platform."""
    email = f"{name}@load.example.com"
    user, _made = User.objects.get_or_create(
        email=email, defaults={"username": email, "full_name": name.title()}
    )
    Grant.objects.get_or_create(user=user, role=role, tenant=None)
    return user


def pages() -> list[tuple[str, User, str]]:
    """Name, reader and address; the large trust config is that of the first tenant."""
    large = TrustConfig.objects.get(name="load-0000")
    first, last = (
        ChangeRequest.objects.filter(trust_config=large).order_by(order).first()
        for order in ("number", "-number")
    )
    assert first is not None and last is not None
    tenant: Tenant = large.custodian
    submitter = first.submitted_by
    admin, auditor = person("admin", "platform_admin"), person("auditor", "auditor")
    reviewer = person("reviewer", "reviewer")
    fingerprint = AuditFingerprint.objects.order_by("-pk").values_list(
        "sha256_fingerprint", flat=True
    )[0]
    mine = f"/t/{tenant.slug}/"
    return [
        ("home of a submitter", submitter, "/"),
        ("home of a reviewer", reviewer, "/"),
        ("review queue", reviewer, "/review/"),
        ("tenants", admin, "/tenants/"),
        ("changes", submitter, f"{mine}changes/"),
        ("change, the oldest", reviewer, f"{mine}changes/{first.number}/"),
        ("change, the last", reviewer, f"{mine}changes/{last.number}/"),
        ("live part", reviewer, f"{mine}changes/{last.number}/live/"),
        ("rollback of the oldest", reviewer, f"{mine}changes/{first.number}/roll-back/"),
        ("rollback of the last", reviewer, f"{mine}changes/{last.number}/roll-back/"),
        ("trust configs", submitter, f"{mine}trust-configs/"),
        ("trust config of 700", submitter, f"{mine}trust-configs/{large.pk}/"),
        ("new change there", submitter, f"{mine}changes/new/{large.pk}/"),
        ("certificates", submitter, f"{mine}certificates/"),
        ("audit of a tenant", submitter, f"{mine}audit/"),
        ("audit, all", auditor, "/audit/"),
        ("audit, by person", auditor, "/audit/?actor=reviewer"),
        ("audit, refused", auditor, "/audit/?result=refused"),
        ("audit, environment", auditor, "/audit/?environment=history"),
        ("audit, fingerprint", auditor, f"/audit/?sha256={fingerprint[:12]}"),
        ("audit, short fingerprint", auditor, f"/audit/?sha256={fingerprint[-8:]}"),
        ("operations", admin, "/operations/"),
        ("environments", admin, "/environments/"),
    ]


def measured(page: Client, path: str) -> tuple[int, float, float, int]:
    """Queries, milliseconds of the database and of the page (medians), bytes."""
    answer: Any = page.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    spans, in_sql, count = [], [], 0
    for _ in range(TIMES):
        with CaptureQueriesContext(connection) as queries:
            begun = time.perf_counter()
            answer = page.get(path)
            spans.append((time.perf_counter() - begun) * 1000)
        count = len(queries)
        in_sql.append(sum(float(query["time"]) for query in queries) * 1000)
    return count, statistics.median(in_sql), statistics.median(spans), len(answer.content)


def main() -> None:
    print(f"{'page':28} {'queries':>8} {'SQL ms':>8} {'page ms':>8} {'kB':>7}")
    for name, who, path in pages():
        page = Client(headers={"host": "localhost"})
        page.force_login(who)
        queries, in_sql, span, size = measured(page, path)
        print(f"{name:28} {queries:8} {in_sql:8.0f} {span:8.0f} {size / 1000:7.1f}")
