"""Google's limits on one trust config. Codes ``GCP-COUNT-…``."""

from pki.findings import Severity
from pki.texts import Check, Said, Scope

BLOCKING, WARNING = Severity.BLOCKING, Severity.WARNING
_QUOTAS = "Google: Certificate Manager quotas and limits"
_LIMIT_WHY = Said(
    "Google refuses the whole trust config beyond its limits.",
    "超出限制时，Google 会拒绝整个信任配置。",
)
_LIMIT_FIX = Said(
    "Retire what is no longer needed first, or use another trust config.",
    "请先停用不再需要的条目，或使用另一个信任配置。",
)

LIMITS: dict[str, Check] = {
    "GCP-COUNT-01": Check(
        Said("Too many CA certificates", "CA 证书过多"),
        Said(
            "There would be {count} trust anchors and intermediate CAs; Google takes {limit}.",
            "信任锚与中间 CA 将共有 {count} 个；Google 最多接受 {limit} 个。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-COUNT-02": Check(
        Said("Too many intermediate CAs", "中间 CA 过多"),
        Said(
            "There would be {count} intermediate CAs; Google takes {limit}.",
            "中间 CA 将有 {count} 个；Google 最多接受 {limit} 个。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-COUNT-03": Check(
        Said("Too many allowlisted certificates", "允许列表证书过多"),
        Said(
            "There would be {count} allowlisted certificates; Google takes {limit}.",
            "允许列表证书将有 {count} 张；Google 最多接受 {limit} 张。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-COUNT-04": Check(
        Said("Too many name constraints", "名称约束过多"),
        Said(
            "There would be {count} name constraints; Google takes {limit}.",
            "名称约束将有 {count} 条；Google 最多接受 {limit} 条。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-COUNT-05": Check(
        Said("Too many CAs with one subject and key", "相同主体与密钥的 CA 过多"),
        Said(
            "{count} intermediate CAs would share the subject and key of {subject}; Google takes {limit}.",
            "将有 {count} 个中间 CA 共用 {subject} 的主体与密钥；Google 最多接受 {limit} 个。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-COUNT-06": Check(
        Said("Many CAs with one subject and key", "相同主体与密钥的 CA 较多"),
        Said(
            "{count} intermediate CAs would share the subject and key of {subject}; one page of Google says at most 3.",
            "将有 {count} 个中间 CA 共用 {subject} 的主体与密钥；Google 的一个页面称最多 3 个。",
        ),
        Said(
            "Google's pages disagree: 10 for clients, 3 for backends.",
            "Google 的页面说法不一：客户端为 10，后端为 3。",
        ),
        _LIMIT_FIX,
        _QUOTAS,
        (WARNING,),
        Scope.SET,
    ),
}
