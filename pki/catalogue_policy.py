"""What the policy says: the platform's floor, tightened by the tenant. Codes ``POL-…``."""

from pki.findings import Severity
from pki.texts import Check, Said, Scope

BLOCKING = Severity.BLOCKING
_POLICY = Said(
    "The platform's policy, which a tenant may tighten, draws this line.",
    "这是平台策略规定的界限，租户可以将其收紧。",
)
_ASK = Said(
    "Have it issued inside the policy, or ask the people who keep the policy.",
    "请按策略签发，或联系策略的维护者。",
)

POLICY: dict[str, Check] = {
    "POL-PUBLIC-01": Check(
        Said("Public root as trust anchor", "公共根证书作为信任锚"),
        Said(
            "{name} is a public root that browsers trust: anyone with a certificate from it would get in.",
            "{name} 是浏览器信任的公共根证书：任何持有其签发证书的人都能进入。",
        ),
        Said(
            "Everybody on the internet can get a certificate from a public CA. Recognised by its key in Mozilla's list of {listed}.",
            "互联网上的任何人都能从公共 CA 获得证书。根据 {listed} 的 Mozilla 列表中的密钥识别。",
        ),
        Said(
            "Use a private CA, or allowlist the certificates one by one.",
            "请使用私有 CA，或逐一将证书加入允许列表。",
        ),
        "Policy: public CAs",
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "POL-PUBLIC-02": Check(
        Said("Public intermediate CA", "公共中间 CA"),
        Said(
            "{name} is an intermediate CA below a public root: anyone with a certificate from it would get in.",
            "{name} 是公共根证书之下的中间 CA：任何持有其签发证书的人都能进入。",
        ),
        Said(
            "Everybody on the internet can get a certificate from a public CA. Recognised by Mozilla's list of {listed} or by a public root's signature.",
            "互联网上的任何人都能从公共 CA 获得证书。根据 {listed} 的 Mozilla 列表或公共根证书的签名识别。",
        ),
        Said(
            "Use a private CA, or allowlist the certificates one by one.",
            "请使用私有 CA，或逐一将证书加入允许列表。",
        ),
        "Policy: public CAs",
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "POL-KEY-01": Check(
        Said("Key not allowed by the policy", "策略不允许的密钥"),
        Said(
            "Its key is {key}; the policy allows {allowed}.", "其密钥为 {key}；策略允许 {allowed}。"
        ),
        _POLICY,
        _ASK,
        "Policy: allowed keys",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "POL-VAL-01": Check(
        Said("Valid for too long", "有效期过长"),
        Said(
            "It is valid for {days} days; the policy allows {limit} for the role {role}.",
            "其有效期为 {days} 天；策略对{role}最多允许 {limit} 天。",
        ),
        Said(
            "The longer a key is trusted, the longer a stolen one is.",
            "密钥受信任的时间越长，被盗后可用的时间也越长。",
        ),
        Said("Have it issued for a shorter time.", "请签发有效期更短的证书。"),
        "Policy: longest validity",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "POL-LEFT-01": Check(
        Said("Too few days left", "剩余天数过少"),
        Said(
            "It is valid for {days} more days; the policy asks for {limit}.",
            "它还有 {days} 天有效；策略要求 {limit} 天。",
        ),
        Said("It would have to be replaced at once.", "它将不得不立即更换。"),
        Said("Upload its successor.", "请上传接替它的证书。"),
        "Policy: days left",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "POL-ISSUER-01": Check(
        Said("Issuer not allowed by the policy", "策略不允许的签发者"),
        Said(
            "It was issued by {issuer}, which is not on the policy's list.",
            "其签发者 {issuer} 不在策略的列表中。",
        ),
        _POLICY,
        Said("Have it issued by one of: {allowed}.", "请由以下之一签发：{allowed}。"),
        "Policy: allowed issuers",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "POL-EKU-01": Check(
        Said("Extended key usage missing", "缺少扩展密钥用法"),
        Said(
            "The policy asks for the extended key usage {missing}.",
            "策略要求扩展密钥用法 {missing}。",
        ),
        _POLICY,
        _ASK,
        "Policy: required extended key usage",
        (BLOCKING,),
        Scope.ALLOWLISTED,
    ),
    "POL-SAN-01": Check(
        Said("Name not allowed by the policy", "策略不允许的名称"),
        Said(
            "{name} matches none of the policy's patterns: {patterns}.",
            "{name} 不匹配策略中的任何模式：{patterns}。",
        ),
        _POLICY,
        Said("Have it issued for a name of your own.", "请使用您自己的名称签发。"),
        "Policy: name patterns",
        (BLOCKING,),
        Scope.ALLOWLISTED,
    ),
    "POL-ROLE-01": Check(
        Said("Role not allowed by the policy", "策略不允许的角色"),
        Said(
            "The policy allows no certificate in the role {role}.", "策略不允许将证书作为{role}。"
        ),
        _POLICY,
        Said("Choose another role: {allowed}.", "请选择其他角色：{allowed}。"),
        "Policy: allowed roles",
        (BLOCKING,),
        Scope.ADDED,
    ),
}
