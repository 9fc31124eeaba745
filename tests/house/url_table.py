"""Every route with who may use it. A route that is not here fails the sweep, so that none is forgotten."""

from dataclasses import dataclass, field
from typing import Any

EVERYONE_INSIDE = frozenset(
    {"sam", "rita", "ada", "tom", "paula"}
)  # everyone who may see the tenant "payments"
PLATFORM = frozenset({"rita", "ada", "paula"})


@dataclass(frozen=True)
class Route:
    """``may`` are people of tests/world.py; ``post`` is what a well-formed POST sends; ``scope`` is tenant, platform or open."""

    scope: str
    may: frozenset[str] = EVERYONE_INSIDE
    method: str = "get"
    post: dict[str, Any] = field(default_factory=dict)


REASON = {"reason": "Because."}
VOTE = {"digest": "0" * 64, "comment": "no"}

ROUTES: dict[str, Route] = {
    "approvals:home": Route("platform", may=EVERYONE_INSIDE | {"lena", "nobody"}),
    "approvals:review-queue": Route("platform", may=PLATFORM),
    "operations:overview": Route("platform", may=frozenset({"paula"})),
    "operations:runbook": Route("platform", may=frozenset({"paula"})),
    "operations:job-retry": Route("platform", may=frozenset({"paula"}), method="post"),
    "operations:job-give-up": Route("platform", may=frozenset({"paula"}), method="post"),
    "approvals:change-list": Route("tenant"),
    "approvals:change-new": Route("tenant", may=frozenset({"sam"})),
    "approvals:change-form": Route("tenant", may=frozenset({"sam"})),
    "approvals:change-detail": Route("tenant"),
    "approvals:change-live": Route("tenant"),
    "approvals:change-approve": Route("tenant", may=frozenset({"rita"}), method="post", post=VOTE),
    "approvals:change-reject": Route("tenant", may=frozenset({"rita"}), method="post", post=VOTE),
    "approvals:change-send-back": Route("tenant", may=frozenset(), method="post", post=REASON),
    "approvals:change-stop": Route("tenant", may=frozenset(), method="post", post=REASON),
    "approvals:change-take-over": Route("tenant", may=frozenset(), method="post"),
    "approvals:change-answer": Route(
        "tenant", may=frozenset(), method="post", post={"answer_EST-STILL-ACCEPTED": "Because."}
    ),
    "approvals:change-comment": Route(
        "tenant", may=frozenset({"sam", "rita", "tom", "paula"}), method="post", post=REASON
    ),
    "approvals:change-withdraw": Route(
        "tenant", may=frozenset({"sam"}), method="post", post=REASON
    ),
    "approvals:change-retry": Route("tenant", may=frozenset(), method="post"),
    "approvals:change-roll-back": Route("tenant"),
    "approvals:change-prove": Route(
        "tenant", may=frozenset(), method="post", post={"receipt": "{}"}
    ),
    "approvals:change-facts": Route("tenant"),
    "approvals:trust-config-return": Route("tenant", may=frozenset({"sam"})),
    "approvals:drift-adopt": Route(
        "tenant", may=frozenset(), method="post", post={**REASON, "digest": "0" * 64}
    ),
    "approvals:drift-put-back": Route(
        "tenant", may=frozenset(), method="post", post={**REASON, "digest": "0" * 64}
    ),
    "approvals:drift-acknowledge": Route(
        "tenant", may=frozenset(), method="post", post={**REASON, "digest": "0" * 64}
    ),
    "approvals:trust-config-retry": Route("tenant", may=frozenset(), method="post"),
    "approvals:mode-brake": Route("tenant", may=frozenset(), method="post", post=REASON),
    "approvals:mode-propose": Route(
        "tenant",
        may=frozenset({"paula"}),
        method="post",
        post={**REASON, "roles": "allowlisted_certificate", "item_count": "5"},
    ),
    "approvals:mode-decide": Route(
        "tenant", may=frozenset(), method="post", post={"decision": "confirm"}
    ),
    "certs:certificate-list": Route("tenant"),
    "certs:certificate-detail": Route("tenant"),
    "certs:trust-config-list": Route("tenant"),
    "certs:trust-config-new": Route("platform", may=frozenset({"paula"})),
    "certs:enforcement-declare": Route(
        "tenant",
        may=frozenset({"paula"}),
        method="post",
        post={"enforcement": "reject", "policy_name": "gateway"},
    ),
    "certs:endpoint-name": Route(
        "tenant", may=frozenset({"paula"}), method="post", post={"endpoint": ""}
    ),
    "certs:trust-config-detail": Route("tenant"),
    "certs:golden-client-list": Route("tenant"),
    "certs:golden-client-remove": Route("tenant", may=frozenset({"sam"}), method="post"),
    "certs:golden-client-decide": Route("tenant", may=frozenset(), method="post"),
    "certs:simulation-new": Route("tenant"),
    "certs:simulation-detail": Route("tenant"),
    "tenants:tenant-detail": Route("tenant"),
    "tenants:policy-detail": Route("tenant"),
    "certs:trust-config-revision": Route("tenant"),
    "tenants:tenant-list": Route("platform", may=EVERYONE_INSIDE | {"lena", "nobody"}),
    "tenants:environment-list": Route("platform", may=PLATFORM),
    "tenants:environment-detail": Route("platform", may=PLATFORM),
    "tenants:platform-policy": Route("platform", may=PLATFORM),
    "tenants:policy-decide": Route(
        "platform", may=frozenset({"rita"}), method="post", post={"decision": "confirm"}
    ),
    "audit:event-list": Route("tenant"),
    "audit:event-list-all": Route("platform", may=PLATFORM),
    "checks": Route("platform", may=EVERYONE_INSIDE | {"lena", "nobody"}),
    "rights": Route("platform", may=EVERYONE_INSIDE | {"lena", "nobody"}),
    "states": Route("platform", may=EVERYONE_INSIDE | {"lena", "nobody"}),
    "preferences": Route("open", method="post"),
    "sign-in-link": Route("open"),
}
