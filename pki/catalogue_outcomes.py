"""What the simulator says: accepted or refused, with the ``client_cert_error`` that Google documents, in English and Chinese."""

from typing import NamedTuple

from pki.texts import Said


class Outcome(NamedTuple):
    """``error`` is Google's value (Mutual TLS overview, logged errors), empty for an accepted client."""

    error: str
    sentence: Said
    fix: Said


_FAILED, _EKU, _LIMIT = (
    "client_cert_validation_failed",
    "client_cert_chain_invalid_eku",
    "client_cert_chain_exceeded_limit",
)
_NOTHING = Said("Nothing to do.", "无需处理。")
_REISSUE = Said(
    "Have the client's certificate issued again so that it meets the rule.",
    "请重新签发符合此规则的客户端证书。",
)
_REISSUE_CA = Said(
    "Have the CA certificate issued again so that it meets the rule.",
    "请重新签发符合此规则的 CA 证书。",
)

OUTCOMES: dict[str, Outcome] = {
    "SIM-OK-01": Outcome(
        "",
        Said(
            "It is on the allowlist, so dates and issuers do not matter.",
            "它在允许列表中，因此有效期和签发者都不重要。",
        ),
        _NOTHING,
    ),
    "SIM-OK-02": Outcome(
        "",
        Said("A path leads to the trust anchor {anchor}.", "有路径通往信任锚 {anchor}。"),
        _NOTHING,
    ),
    "SIM-NO-01": Outcome(
        "client_cert_not_provided",
        Said("No certificate was presented.", "没有出示证书。"),
        Said(
            "Configure the client's certificate; the load balancer sends no list of accepted issuers.",
            "请配置客户端证书；负载均衡器不会发送可接受的签发者列表。",
        ),
    ),
    "SIM-NO-02": Outcome(
        "client_cert_validation_not_performed",
        Said(
            "Nothing is trusted here, so nothing is validated.",
            "这里没有受信任的条目，因此不会进行验证。",
        ),
        Said(
            "Add a trust anchor or allowlist the certificate.",
            "请添加信任锚，或将该证书加入允许列表。",
        ),
    ),
    "SIM-NO-03": Outcome(
        _FAILED,
        Said("The certificate cannot be read ({detail}).", "证书无法读取（{detail}）。"),
        Said("Send the client's certificate again.", "请重新发送客户端证书。"),
    ),
    "SIM-NO-04": Outcome(
        _LIMIT,
        Said(
            "The client sends {count} certificates; at most {limit} are looked at.",
            "客户端发送了 {count} 张证书；最多检查 {limit} 张。",
        ),
        Said(
            "Let the client send its own certificate and the intermediate CAs only.",
            "请让客户端只发送自己的证书和中间 CA。",
        ),
    ),
    "SIM-NO-05": Outcome(
        "client_cert_unsupported_key_algorithm",
        Said("{name} has a key of the kind {key}.", "{name} 的密钥类型为 {key}。"),
        Said(
            "Use RSA 2048–4096 or ECDSA on P-256 or P-384.",
            "请使用 RSA 2048–4096，或 P-256、P-384 上的 ECDSA。",
        ),
    ),
    "SIM-NO-06": Outcome(
        "client_cert_invalid_rsa_key_size",
        Said("{name} has an RSA key of {bits} bits.", "{name} 的 RSA 密钥为 {bits} 位。"),
        Said(
            "Use RSA 2048–4096 or ECDSA on P-256 or P-384.",
            "请使用 RSA 2048–4096，或 P-256、P-384 上的 ECDSA。",
        ),
    ),
    "SIM-NO-07": Outcome(
        "client_cert_unsupported_elliptic_curve_key",
        Said("{name} has a key on the curve {key}.", "{name} 的密钥使用曲线 {key}。"),
        Said(
            "Use RSA 2048–4096 or ECDSA on P-256 or P-384.",
            "请使用 RSA 2048–4096，或 P-256、P-384 上的 ECDSA。",
        ),
    ),
    "SIM-NO-08": Outcome(
        _EKU,
        Said(
            "The client's certificate does not have the extended key usage {eku}.",
            "客户端证书没有扩展密钥用法 {eku}。",
        ),
        _REISSUE,
    ),
    "SIM-NO-09": Outcome(
        _FAILED,
        Said("The client's certificate is a CA certificate.", "客户端证书是 CA 证书。"),
        Said("Give the client a certificate of its own.", "请为客户端签发其自己的证书。"),
    ),
    "SIM-NO-10": Outcome(
        _FAILED,
        Said(
            "{name} is not valid then: from {not_before} to {not_after}.",
            "{name} 在该时间无效：有效期为 {not_before} 至 {not_after}。",
        ),
        Said(
            "Replace it, or allowlist the client's certificate, for which dates do not matter.",
            "请更换，或将客户端证书加入允许列表（不检查有效期）。",
        ),
    ),
    "SIM-NO-11": Outcome(
        _FAILED,
        Said("{name} is signed with {algorithm}.", "{name} 的签名算法为 {algorithm}。"),
        _REISSUE,
    ),
    "SIM-NO-12": Outcome(
        _FAILED,
        Said(
            "Its issuer {issuer} is neither trusted here nor sent by the client.",
            "其签发者 {issuer} 既不受信任，客户端也没有发送。",
        ),
        Said(
            "Add the trust anchor, or let the client send the missing intermediate CA.",
            "请添加信任锚，或让客户端发送缺少的中间 CA。",
        ),
    ),
    "SIM-NO-13": Outcome(
        _EKU,
        Said(
            "The issuing CA {name} does not name the extended key usage {eku}.",
            "签发 CA {name} 没有列出扩展密钥用法 {eku}。",
        ),
        _REISSUE_CA,
    ),
    "SIM-NO-14": Outcome(
        _FAILED,
        Said(
            "The key identifiers of {name} and of its issuer do not match.",
            "{name} 与其签发者的密钥标识符不匹配。",
        ),
        Said("Add the issuer's certificate that has this key.", "请添加具有该密钥的签发者证书。"),
    ),
    "SIM-NO-15": Outcome(
        "client_cert_chain_max_name_constraints_exceeded",
        Said(
            "A CA on the path has {count} name constraints; at most {limit} are looked at.",
            "路径中的一个 CA 有 {count} 条名称约束；最多检查 {limit} 条。",
        ),
        _REISSUE_CA,
    ),
    "SIM-NO-16": Outcome(
        "client_cert_validation_search_limit_exceeded",
        Said(
            "More than {limit} intermediate CAs would have to be looked at.",
            "需要检查的中间 CA 超过 {limit} 个。",
        ),
        Said("Remove intermediate CAs that share a name with others.", "请移除名称重复的中间 CA。"),
    ),
    "SIM-NO-17": Outcome(
        _FAILED,
        Said("No path holds: {detail}.", "没有成立的路径：{detail}。"),
        Said(
            "Check signatures, name constraints and path lengths of the CAs on the way.",
            "请检查路径上各 CA 的签名、名称约束和路径长度。",
        ),
    ),
    "SIM-NO-18": Outcome(
        _EKU,
        Said(
            "The client's certificate has the extended key usage {usages}, which is not accepted.",
            "客户端证书含有不被接受的扩展密钥用法 {usages}。",
        ),
        _REISSUE,
    ),
    "SIM-NO-19": Outcome(
        _LIMIT,
        Said(
            "The path would have more than {limit} certificates.", "路径中的证书将超过 {limit} 张。"
        ),
        Said("Trust a CA nearer to the clients.", "请信任离客户端更近的 CA。"),
    ),
    "SIM-NO-20": Outcome(
        _FAILED,
        Said(
            "The client's certificate is self-signed and not on the allowlist.",
            "客户端证书是自签名证书，且不在允许列表中。",
        ),
        Said(
            "Allowlist it, or have it issued by a CA that is trusted here.",
            "请将其加入允许列表，或由这里信任的 CA 签发。",
        ),
    ),
    "SIM-UNSURE-01": Outcome(
        "",
        Said(
            "It cannot be predicted: the path has something that is not judged here ({detail}).",
            "无法预测：路径中含有这里无法判断的内容（{detail}）。",
        ),
        Said("Try it with a client outside production.", "请先在非生产环境中用客户端试验。"),
    ),
}
