"""What the rules say of a change. ``GCP`` Google's rules, ``X509`` RFC 5280, ``POL`` policy, ``EST`` the estate."""

from pki.texts import Said, Text

_QUOTAS = "Google: Certificate Manager quotas and limits"
_MTLS = "Google: Mutual TLS overview, certificate requirements"
_REFUSED = Said("The load balancer would refuse clients that depend on it.", "负载均衡器会拒绝依赖它的客户端。")
_LIMIT_WHY = Said("Google refuses the whole trust config beyond its limits.", "超出限制时，Google 会拒绝整个信任配置。")
_LIMIT_FIX = Said("Retire what is no longer needed first, or use another trust config.", "请先停用不再需要的条目，或使用另一个信任配置。")
_REISSUE = Said("Ask the issuer for a certificate that meets the rule.", "请让签发方签发符合此规则的证书。")

FINDINGS: dict[str, Text] = {
    "GCP-SIZE-01": Text(
        Said("Certificate too large", "证书过大"),
        Said("As PEM it has {size} bytes; Google takes at most {limit}.", "PEM 形式有 {size} 字节；Google 最多接受 {limit} 字节。"),
        Said("Each field of a trust config holds up to 5 kB.", "信任配置的每个字段最多容纳 5 kB。"),
        Said("Ask the issuer for a certificate with fewer names or extensions.", "请让签发方减少名称或扩展。"),
        _QUOTAS,
    ),
    "GCP-KEY-01": Text(
        Said("Key type not accepted", "不接受的密钥类型"),
        Said("The key is {key}; Google accepts RSA and ECDSA on P-256 or P-384.", "密钥为 {key}；Google 接受 RSA，以及 P-256 或 P-384 上的 ECDSA。"),
        _REFUSED,
        Said("Issue it with RSA 2048–4096 or ECDSA P-256 or P-384.", "请使用 RSA 2048–4096 或 ECDSA P-256、P-384 签发。"),
        _QUOTAS,
    ),
    "GCP-KEY-02": Text(
        Said("Key size not accepted", "不接受的密钥长度"),
        Said("The RSA key has {bits} bits; Google accepts 2048 to 4096.", "RSA 密钥为 {bits} 位；Google 接受 2048 至 4096 位。"),
        Said("A short key can be broken; a long one costs the load balancer too much.", "过短的密钥可能被破解；过长的密钥会给负载均衡器造成过高开销。"),
        Said("Issue it with RSA 2048–4096 or ECDSA P-256 or P-384.", "请使用 RSA 2048–4096 或 ECDSA P-256、P-384 签发。"),
        _QUOTAS,
    ),
    "GCP-SIG-01": Text(
        Said("Weak signature hash", "签名哈希过弱"),
        Said("It is signed with {hash}; Google asks for SHA-256 or better.", "其签名使用 {hash}；Google 要求 SHA-256 或更强。"),
        Said("Signatures with MD5 or SHA-1 can be forged.", "使用 MD5 或 SHA-1 的签名可以被伪造。"),
        Said("Have it signed again with SHA-256 or better.", "请使用 SHA-256 或更强的算法重新签发。"),
        _MTLS,
    ),
    "GCP-CA-01": Text(
        Said("Not a CA certificate", "不是 CA 证书"),
        Said("Basic constraints do not say CA:TRUE, so it does not fit the role {role}.", "基本约束没有 CA:TRUE，因此不能作为{role}。"),
        Said("Only a CA certificate can vouch for clients.", "只有 CA 证书才能为客户端担保。"),
        Said(
            "Take it as an allowlisted certificate, or upload the certificate of the CA that issued it.", "请将其作为允许列表证书，或上传签发它的 CA 的证书。"
        ),
        f"{_MTLS}; RFC 5280 §4.2.1.9",
    ),
    "GCP-CA-02": Text(
        Said("May not sign certificates", "不能签发证书"),
        Said("Its key usage does not include keyCertSign.", "其密钥用法不包含 keyCertSign。"),
        _REFUSED,
        _REISSUE,
        f"{_MTLS}; RFC 5280 §4.2.1.3",
    ),
    "GCP-EKU-01": Text(
        Said("Wrong extended key usage on a CA", "CA 的扩展密钥用法不符"),
        Said("Its extended key usage does not include {eku}.", "其扩展密钥用法不包含 {eku}。"),
        Said(
            "Google asks for it on the issuer of every certificate that it checks; without it every client of this CA is refused.",
            "Google 要求每张待验证书的签发者都具有该用法；缺少时，此 CA 的所有客户端都会被拒绝。",
        ),
        Said("Have the CA certificate issued again with {eku}.", "请重新签发带有 {eku} 的 CA 证书。"),
        _MTLS,
    ),
    "GCP-EKU-02": Text(
        Said("No extended key usage on a CA", "CA 没有扩展密钥用法"),
        Said(
            "It has no extended key usage; Google asks for {eku} on the CA that issues the checked certificates.",
            "它没有扩展密钥用法；Google 要求签发被检查证书的 CA 具有 {eku}。",
        ),
        Said(
            "Clients that this CA issued directly would be refused with client_cert_chain_invalid_eku.",
            "由此 CA 直接签发的客户端会因 client_cert_chain_invalid_eku 被拒绝。",
        ),
        Said(
            "Harmless for a root above an issuing CA; else have it issued again with {eku}.",
            "如果它只是签发 CA 之上的根证书则无妨；否则请重新签发并带上 {eku}。",
        ),
        _MTLS,
    ),
    "GCP-EKU-03": Text(
        Said("Extended key usage of another purpose", "扩展密钥用法用途不符"),
        Said("Its extended key usage does not include {eku}.", "其扩展密钥用法不包含 {eku}。"),
        Said(
            "Google accepts an allowlisted certificate all the same, but it was issued for something else.",
            "Google 仍会接受允许列表中的证书，但它是为其他用途签发的。",
        ),
        Said("Check that this is the right certificate.", "请确认这是正确的证书。"),
        f"{_MTLS}; RFC 5280 §4.2.1.12",
    ),
    "X509-VAL-01": Text(
        Said("Expired", "已过期"),
        Said("It expired on {not_after}.", "已于 {not_after} 过期。"),
        Said(
            "An expired CA lets nobody in; an expired allowlisted certificate is accepted by Google for ever.",
            "过期的 CA 不会放行任何人；而过期的允许列表证书会被 Google 一直接受。",
        ),
        Said("Upload its successor.", "请上传接替它的证书。"),
        "RFC 5280 §4.1.2.5",
    ),
    "X509-VAL-02": Text(
        Said("Not valid yet", "尚未生效"),
        Said("It is valid from {not_before} only.", "它从 {not_before} 起才有效。"),
        Said("Until then clients that depend on it are refused.", "在此之前，依赖它的客户端会被拒绝。"),
        Said("Fine when it is meant for later; else check the clocks of its issuer.", "如果是提前准备则无妨；否则请检查签发方的时钟。"),
        "RFC 5280 §4.1.2.5",
    ),
    "EST-EXP-01": Text(
        Said("Expires soon", "即将过期"),
        Said("It expires on {not_after}, in {days} days.", "它将于 {not_after} 过期，还有 {days} 天。"),
        Said("Soon after this change another one will be needed.", "此变更之后不久还需要再做一次变更。"),
        Said("Ask for the successor now, if there is one.", "如果已有接替证书，请现在就使用它。"),
        "Countersign",
    ),
    "EST-DUP-01": Text(
        Said("Already trusted", "已受信任"),
        Said("It is there already as {role} in {trust_config}.", "它已经是 {trust_config} 中的{role}。"),
        Said("Adding it again would change nothing.", "再次添加不会产生任何变化。"),
        Said("Leave it out.", "请将其去掉。"),
        "Countersign",
    ),
    "EST-DUP-02": Text(
        Said("Also trusted elsewhere", "在别处也受信任"),
        Said("The same certificate is also trusted in: {places}.", "同一证书还在以下位置受信任：{places}。"),
        Said("Revoking it later means removing it in each place.", "以后吊销时需要在每处分别移除。"),
        Said("Nothing to do when that is intended.", "如果本就如此，则无需处理。"),
        "Countersign",
    ),
    "EST-GONE-01": Text(
        Said("Not there", "不存在"),
        Said(
            "This tenant does not hold it as {role} in {trust_config}, so there is nothing to remove.",
            "它不是本租户在 {trust_config} 中的{role}，因此没有可移除的内容。",
        ),
        Said("It may have been removed by another change.", "它可能已被另一项变更移除。"),
        Said("Leave it out.", "请将其去掉。"),
        "Countersign",
    ),
    "EST-LAST-01": Text(
        Said("Last trust anchor", "最后一个信任锚"),
        Said("After this change {trust_config} has no trust anchor.", "此变更之后，{trust_config} 将没有信任锚。"),
        Said("Every client that is not allowlisted by itself would be refused.", "所有未单独列入允许列表的客户端都会被拒绝。"),
        Said("Add the successor in the same change, unless this is what you want.", "除非本意如此，否则请在同一变更中添加接替的信任锚。"),
        "Countersign",
    ),
    "EST-LAST-02": Text(
        Said("Nothing would be left", "将不剩任何条目"),
        Said("After this change {trust_config} would be empty.", "此变更之后，{trust_config} 将为空。"),
        Said("A policy that rejects invalid certificates needs a trust config that is not empty.", "拒绝无效证书的策略要求信任配置不能为空。"),
        Said("Add what shall be trusted instead in the same change.", "请在同一变更中添加要替代的受信任条目。"),
        "Google: ServerTlsPolicy, client_validation_mode",
    ),
    "EST-REVOKED-01": Text(
        Said("Was revoked", "曾被吊销"),
        Said("Change #{number} revoked it: it must never come back unnoticed.", "变更 #{number} 已将其吊销：不得在无人察觉的情况下恢复。"),
        Said("Google reads no revocation list; being removed is all that revocation means here.", "Google 不读取吊销列表；在这里，移除就是吊销的全部含义。"),
        Said(
            "Use another certificate. In mode A a change may bring it back when its submitter says so on the form.",
            "请使用其他证书。在模式 A 中，提交者在表单上明确说明后，变更可以将其恢复。",
        ),
        "Countersign",
    ),
    "EST-REVOKED-02": Text(
        Said("Brings back a revoked certificate", "恢复已吊销的证书"),
        Said("Change #{number} revoked it; this change names that revocation and brings it back.", "变更 #{number} 已将其吊销；此变更注明了该吊销并将其恢复。"),
        Said("Whoever holds the key that was given up gets in again.", "持有已弃用密钥的人将再次获得访问权限。"),
        Said("Approve only when you know why the revocation no longer holds.", "只有在清楚吊销为何不再成立时才可批准。"),
        "Countersign",
    ),
    "EST-PEND-01": Text(
        Said("Crowded together with other changes", "与其他变更合计会超限"),
        Said("With the other changes under way {what} would be {count} of {limit}.", "连同其他进行中的变更，{what}将达到 {count}，上限为 {limit}。"),
        Said("Whichever is approved last would be refused.", "最后获批的变更会被拒绝。"),
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-01": Text(
        Said("Too many CA certificates", "CA 证书过多"),
        Said(
            "There would be {count} trust anchors and intermediate CAs; Google takes {limit}.",
            "信任锚与中间 CA 将共有 {count} 个；Google 最多接受 {limit} 个。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-02": Text(
        Said("Too many intermediate CAs", "中间 CA 过多"),
        Said("There would be {count} intermediate CAs; Google takes {limit}.", "中间 CA 将有 {count} 个；Google 最多接受 {limit} 个。"),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-03": Text(
        Said("Too many allowlisted certificates", "允许列表证书过多"),
        Said("There would be {count} allowlisted certificates; Google takes {limit}.", "允许列表证书将有 {count} 张；Google 最多接受 {limit} 张。"),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-04": Text(
        Said("Too many name constraints", "名称约束过多"),
        Said("There would be {count} name constraints; Google takes {limit}.", "名称约束将有 {count} 条；Google 最多接受 {limit} 条。"),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-05": Text(
        Said("Too many CAs with one subject and key", "相同主体与密钥的 CA 过多"),
        Said(
            "{count} intermediate CAs would share the subject and key of {subject}; Google takes {limit}.",
            "将有 {count} 个中间 CA 共用 {subject} 的主体与密钥；Google 最多接受 {limit} 个。",
        ),
        _LIMIT_WHY,
        _LIMIT_FIX,
        _QUOTAS,
    ),
    "GCP-COUNT-06": Text(
        Said("Many CAs with one subject and key", "相同主体与密钥的 CA 较多"),
        Said(
            "{count} intermediate CAs would share the subject and key of {subject}; one page of Google says at most 3.",
            "将有 {count} 个中间 CA 共用 {subject} 的主体与密钥；Google 的一个页面称最多 3 个。",
        ),
        Said("Google's pages disagree: 10 for clients, 3 for backends.", "Google 的页面说法不一：客户端为 10，后端为 3。"),
        _LIMIT_FIX,
        _QUOTAS,
    ),
}
