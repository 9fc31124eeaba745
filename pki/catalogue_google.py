"""What Google's load balancer and Certificate Manager ask for. Codes ``GCP-…``; docs/checks.md is made from this."""

from pki.findings import Severity
from pki.texts import Check, Said, Scope

BLOCKING, WARNING, INFO = Severity.BLOCKING, Severity.WARNING, Severity.INFO
_QUOTAS = "Google: Certificate Manager quotas and limits"
_MTLS = "Google: Mutual TLS overview, certificate requirements"
_REFUSED = Said(
    "The load balancer would refuse clients that depend on it.", "负载均衡器会拒绝依赖它的客户端。"
)
_LIMIT_WHY = Said(
    "Google refuses the whole trust config beyond its limits.",
    "超出限制时，Google 会拒绝整个信任配置。",
)
_LIMIT_FIX = Said(
    "Retire what is no longer needed first, or use another trust config.",
    "请先停用不再需要的条目，或使用另一个信任配置。",
)
_REISSUE = Said(
    "Ask the issuer for a certificate that meets the rule.", "请让签发方签发符合此规则的证书。"
)

GOOGLE: dict[str, Check] = {
    "GCP-ALLOW-01": Check(
        Said("Accepted until it is removed", "在移除之前一直被接受"),
        Said(
            "The load balancer accepts it until it is removed, also after {not_after}.",
            "在移除之前负载均衡器都会接受它，即使在 {not_after} 之后。",
        ),
        Said(
            "Google checks neither dates nor revocation of an allowlisted certificate.",
            "对于允许列表中的证书，Google 既不检查有效期，也不检查吊销。",
        ),
        Said(
            "Ask for its removal when it is replaced; the portal lists what has expired.",
            "更换时请申请移除；本门户会列出已过期的证书。",
        ),
        _MTLS,
        (INFO,),
        Scope.ALLOWLISTED,
    ),
    "GCP-CA-01": Check(
        Said("Not a CA certificate", "不是 CA 证书"),
        Said(
            "Basic constraints do not say CA:TRUE, so it does not fit the role {role}.",
            "基本约束没有 CA:TRUE，因此不能作为{role}。",
        ),
        Said("Only a CA certificate can vouch for clients.", "只有 CA 证书才能为客户端担保。"),
        Said(
            "Take it as an allowlisted certificate, or upload the certificate of the CA that issued it.",
            "请将其作为允许列表证书，或上传签发它的 CA 的证书。",
        ),
        f"{_MTLS}; RFC 5280 §4.2.1.9",
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "GCP-CA-02": Check(
        Said("May not sign certificates", "不能签发证书"),
        Said("Its key usage does not include keyCertSign.", "其密钥用法不包含 keyCertSign。"),
        _REFUSED,
        _REISSUE,
        f"{_MTLS}; RFC 5280 §4.2.1.3",
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "GCP-CA-03": Check(
        Said("CA without key usage", "CA 没有密钥用法"),
        Said(
            "It has no key usage extension; Google asks for keyCertSign on a CA.",
            "它没有密钥用法扩展；Google 要求 CA 具有 keyCertSign。",
        ),
        Said(
            "RFC 5280 lets an absent key usage pass, Google's page does not say that it does.",
            "RFC 5280 允许没有密钥用法，但 Google 的页面没有这样说明。",
        ),
        _REISSUE,
        f"{_MTLS}; RFC 5280 §4.2.1.3",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-CHAIN-01": Check(
        Said("Leads to no trust anchor", "无法到达信任锚"),
        Said(
            "No trust anchor here has issued it, directly or through others; its issuer is {issuer}.",
            "这里没有任何信任锚直接或间接签发了它；其签发者为 {issuer}。",
        ),
        Said(
            "An intermediate CA that leads to no trust anchor lets nobody in.",
            "无法到达信任锚的中间 CA 不会放行任何人。",
        ),
        Said(
            "Add the trust anchor {issuer}, or make this one a trust anchor if that is what you mean.",
            "请添加信任锚 {issuer}；如果本意如此，也可将它作为信任锚。",
        ),
        _MTLS,
        (WARNING,),
        Scope.SET,
    ),
    "GCP-DEPTH-01": Check(
        Said("Chain too deep", "证书链过深"),
        Said(
            "The chain from a client over this certificate to its trust anchor would have {count} certificates; Google takes {limit}.",
            "从客户端经此证书到信任锚的证书链将有 {count} 张证书；Google 最多接受 {limit} 张。",
        ),
        _REFUSED,
        Said("Trust a CA nearer to the clients.", "请信任离客户端更近的 CA。"),
        _QUOTAS,
        (BLOCKING,),
        Scope.SET,
    ),
    "GCP-EKU-01": Check(
        Said("Wrong extended key usage on a CA", "CA 的扩展密钥用法不符"),
        Said("Its extended key usage does not include {eku}.", "其扩展密钥用法不包含 {eku}。"),
        Said(
            "Google asks for it on the issuer of every certificate that it checks; without it every client of this CA is refused.",
            "Google 要求每张待验证书的签发者都具有该用法；缺少时，此 CA 的所有客户端都会被拒绝。",
        ),
        Said(
            "Have the CA certificate issued again with {eku}.", "请重新签发带有 {eku} 的 CA 证书。"
        ),
        _MTLS,
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "GCP-EKU-02": Check(
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
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-EKU-03": Check(
        Said("Extended key usage of another purpose", "扩展密钥用法用途不符"),
        Said("Its extended key usage does not include {eku}.", "其扩展密钥用法不包含 {eku}。"),
        Said(
            "Google accepts an allowlisted certificate all the same, but it was issued for something else.",
            "Google 仍会接受允许列表中的证书，但它是为其他用途签发的。",
        ),
        Said("Check that this is the right certificate.", "请确认这是正确的证书。"),
        f"{_MTLS}; RFC 5280 §4.2.1.12",
        (WARNING,),
        Scope.ALLOWLISTED,
    ),
    "GCP-EKU-04": Check(
        Said("Issuing CA without extended key usage", "签发 CA 没有扩展密钥用法"),
        Said(
            "Its path length is 0, so it issues the checked certificates itself, and it has no extended key usage {eku}.",
            "其路径长度为 0，因此被检查的证书由它直接签发，而它没有扩展密钥用法 {eku}。",
        ),
        Said(
            "Every client of this CA would be refused with client_cert_chain_invalid_eku. This is the mistake that users of Google's mTLS make most.",
            "此 CA 的所有客户端都会因 client_cert_chain_invalid_eku 被拒绝。这是使用 Google mTLS 时最常见的错误。",
        ),
        Said(
            "Have the CA certificate issued again with {eku}; the key can stay the same.",
            "请重新签发带有 {eku} 的 CA 证书；密钥可以保持不变。",
        ),
        _MTLS,
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "GCP-EKU-05": Check(
        Said("Any extended key usage only", "仅有 anyExtendedKeyUsage"),
        Said(
            "It allows any extended key usage but does not name {eku}.",
            "它允许任意扩展密钥用法，但没有列出 {eku}。",
        ),
        Said(
            "Google asks for {eku} by name; whether anyExtendedKeyUsage counts is written nowhere.",
            "Google 要求明确列出 {eku}；anyExtendedKeyUsage 是否算数没有任何说明。",
        ),
        Said(
            "Have it issued with {eku}, or try a client outside production.",
            "请重新签发并列出 {eku}，或先在非生产环境中用客户端试验。",
        ),
        _MTLS,
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-EKU-06": Check(
        Said(
            "Extended key usage for signing code, time or OCSP",
            "用于代码、时间戳或 OCSP 签名的扩展密钥用法",
        ),
        Said("Its extended key usage includes {usages}.", "其扩展密钥用法包含 {usages}。"),
        Said(
            "Google refuses a checked certificate whose extended key usage has one of these.",
            "如果被检查证书的扩展密钥用法含有其中之一，Google 会拒绝。",
        ),
        Said("Have it issued for TLS only.", "请重新签发为仅用于 TLS 的证书。"),
        "Google: Backend mTLS, certificate requirements",
        (WARNING,),
        Scope.ADDED,
    ),
    "GCP-HEAD-01": Check(
        Said("Too long for the load balancer's headers", "超出负载均衡器标头的长度"),
        Said(
            "{what} has {size} bytes; the load balancer passes on at most {limit}.",
            "{what} 有 {size} 字节；负载均衡器最多传递 {limit} 字节。",
        ),
        Said(
            "The connection is accepted, but the backend gets {error} instead of the value.",
            "连接会被接受，但后端得到的是 {error} 而不是该值。",
        ),
        Said(
            "Matters only when the backend reads this header; then have it issued with shorter names.",
            "仅当后端读取该标头时才有影响；此时请使用更短的名称重新签发。",
        ),
        "Google: Custom headers, mTLS variables",
        (WARNING,),
        Scope.ALLOWLISTED,
    ),
    "GCP-KEY-01": Check(
        Said("Key type not accepted", "不接受的密钥类型"),
        Said(
            "The key is {key}; Google accepts RSA and ECDSA on P-256 or P-384.",
            "密钥为 {key}；Google 接受 RSA，以及 P-256 或 P-384 上的 ECDSA。",
        ),
        _REFUSED,
        Said(
            "Issue it with RSA 2048–4096 or ECDSA P-256 or P-384.",
            "请使用 RSA 2048–4096 或 ECDSA P-256、P-384 签发。",
        ),
        _QUOTAS,
        (BLOCKING,),
        Scope.ADDED,
    ),
    "GCP-KEY-02": Check(
        Said("Key size not accepted", "不接受的密钥长度"),
        Said(
            "The RSA key has {bits} bits; Google accepts 2048 to 4096.",
            "RSA 密钥为 {bits} 位；Google 接受 2048 至 4096 位。",
        ),
        Said(
            "A short key can be broken; a long one costs the load balancer too much.",
            "过短的密钥可能被破解；过长的密钥会给负载均衡器造成过高开销。",
        ),
        Said(
            "Issue it with RSA 2048–4096 or ECDSA P-256 or P-384.",
            "请使用 RSA 2048–4096 或 ECDSA P-256、P-384 签发。",
        ),
        _QUOTAS,
        (BLOCKING,),
        Scope.ADDED,
    ),
    "GCP-KEY-03": Check(
        Said("SM2 key", "SM2 密钥"),
        Said(
            "The key is an SM2 key (GB/T 32918). Google's load balancer does not accept SM2 keys.",
            "密钥为 SM2 密钥（GB/T 32918）。Google 负载均衡器不接受 SM2（国密）密钥。",
        ),
        Said(
            "Commercial cryptography of China (SM2, SM3, SM4) is not part of the TLS of Google's load balancers.",
            "中国商用密码（SM2、SM3、SM4）不在 Google 负载均衡器的 TLS 支持范围内。",
        ),
        Said(
            "Ask the CA for a second certificate with an RSA or ECDSA key; many Chinese CAs issue both.",
            "请向 CA 申请一张 RSA 或 ECDSA 密钥的证书；国内许多 CA 可以同时签发两种证书。",
        ),
        _QUOTAS,
        (BLOCKING,),
        Scope.ADDED,
    ),
    "GCP-KEY-04": Check(
        Said("Curve spelt out", "曲线以显式参数给出"),
        Said(
            "The ECDSA key spells out its curve's parameters instead of naming a curve.",
            "该 ECDSA 密钥给出了曲线的显式参数，而不是曲线名称。",
        ),
        Said(
            "RFC 5480 §2.1.1 forbids it in certificates, and such parameters have been used to forge keys (CVE-2020-0601).",
            "RFC 5480 §2.1.1 禁止在证书中这样做，且此类参数曾被用来伪造密钥（CVE-2020-0601）。",
        ),
        Said(
            "Make a key with a named curve: openssl ecparam -name prime256v1 -param_enc named_curve -genkey",
            "请使用命名曲线生成密钥：openssl ecparam -name prime256v1 -param_enc named_curve -genkey",
        ),
        "RFC 5480 §2.1.1",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "GCP-KEY-05": Check(
        Said("RSA-PSS key", "RSA-PSS 密钥"),
        Said("The key is declared for RSASSA-PSS only.", "该密钥声明为仅用于 RSASSA-PSS。"),
        Said(
            "It looks like RSA, but Google lists plain RSA keys only, and many clients cannot use it.",
            "它看起来像 RSA，但 Google 只列出了普通 RSA 密钥，许多客户端也无法使用。",
        ),
        Said(
            "Issue it with a plain RSA key (rsaEncryption); its signatures may still be PSS in TLS 1.3.",
            "请使用普通 RSA 密钥（rsaEncryption）签发；在 TLS 1.3 中其签名仍可为 PSS。",
        ),
        "RFC 4055 §1.2",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "GCP-KEY-06": Check(
        Said("Unusual RSA size", "不常见的 RSA 长度"),
        Said(
            "The RSA key has {bits} bits; Google's page names 2048, 3072 and 4096.",
            "RSA 密钥为 {bits} 位；Google 的页面只列出 2048、3072 和 4096。",
        ),
        Said(
            "A size in between is probably accepted, but nobody promises it.",
            "介于其间的长度可能被接受，但没有任何承诺。",
        ),
        Said(
            "Prefer 2048, 3072 or 4096 when it is issued again.",
            "重新签发时请优先使用 2048、3072 或 4096。",
        ),
        _QUOTAS,
        (WARNING,),
        Scope.ADDED,
    ),
    "GCP-KID-01": Check(
        Said("CA without subject key identifier", "CA 没有主体密钥标识符"),
        Said("It has no subject key identifier.", "它没有主体密钥标识符。"),
        Said(
            "Google matches the authority key identifier of a certificate with this one; without it the chain may not be found.",
            "Google 会将证书的颁发机构密钥标识符与它匹配；缺少时可能找不到证书链。",
        ),
        _REISSUE,
        "Google: Backend mTLS, certificate requirements; RFC 5280 §4.2.1.2",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-KID-02": Check(
        Said("Key identifiers do not match", "密钥标识符不匹配"),
        Said(
            "Its issuer {issuer} is here by name, but with another key: {expected} is asked for, {found} is there.",
            "按名称可以找到其签发者 {issuer}，但密钥不同：需要 {expected}，实际为 {found}。",
        ),
        Said(
            "A chain needs both the name and the key identifier to match, so no path leads through this issuer.",
            "证书链要求名称与密钥标识符都匹配，因此没有路径经过此签发者。",
        ),
        Said(
            "Add the certificate of the issuer that has this key.", "请添加具有该密钥的签发者证书。"
        ),
        "RFC 5280 §4.2.1.1",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-KID-03": Check(
        Said("No authority key identifier", "没有颁发机构密钥标识符"),
        Said(
            "It was issued by another CA and does not say with which key.",
            "它由其他 CA 签发，但没有说明使用的是哪个密钥。",
        ),
        Said(
            "Google matches key identifiers when it builds a chain.",
            "Google 构建证书链时会匹配密钥标识符。",
        ),
        _REISSUE,
        "Google: Backend mTLS, certificate requirements; RFC 5280 §4.2.1.1",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "GCP-LEAF-01": Check(
        Said("CA on the allowlist", "允许列表中的 CA"),
        Said(
            "It is a CA certificate; on the allowlist it lets in only whoever holds its own key.",
            "这是 CA 证书；放在允许列表中只会放行持有其自身密钥的一方。",
        ),
        Said(
            "An allowlisted certificate vouches for nobody but itself, and a CA key should not be used in TLS.",
            "允许列表中的证书只为自身担保，而 CA 密钥不应用于 TLS。",
        ),
        Said(
            "Choose trust anchor or intermediate CA, if clients issued by it shall get in.",
            "如果要放行由它签发的客户端，请选择信任锚或中间 CA。",
        ),
        _MTLS,
        (WARNING,),
        Scope.ALLOWLISTED,
    ),
    "GCP-PATH-01": Check(
        Said("Forbidden by its issuer's path length", "被签发者的路径长度禁止"),
        Said(
            "Its issuer {issuer} allows {allowed} CAs below itself; over this certificate it would be {count}.",
            "其签发者 {issuer} 只允许其下有 {allowed} 级 CA；经此证书将达到 {count} 级。",
        ),
        _REFUSED,
        Said(
            "Ask the issuer for a CA certificate with a longer path length.",
            "请向签发者申请路径长度更大的 CA 证书。",
        ),
        "RFC 5280 §4.2.1.9",
        (WARNING,),
        Scope.SET,
    ),
    "GCP-SIG-01": Check(
        Said("Weak signature hash", "签名哈希过弱"),
        Said(
            "It is signed with {hash}; Google asks for SHA-256 or better.",
            "其签名使用 {hash}；Google 要求 SHA-256 或更强。",
        ),
        Said("Signatures with MD5 or SHA-1 can be forged.", "使用 MD5 或 SHA-1 的签名可以被伪造。"),
        Said(
            "Have it signed again with SHA-256 or better.", "请使用 SHA-256 或更强的算法重新签发。"
        ),
        _MTLS,
        (BLOCKING, WARNING),
        Scope.ADDED,
    ),
    "GCP-SIG-02": Check(
        Said("Signature algorithm not accepted", "不接受的签名算法"),
        Said(
            "It is signed with {algorithm}; Google accepts RSA or ECDSA with SHA-256 or better.",
            "其签名算法为 {algorithm}；Google 接受 SHA-256 或更强的 RSA 或 ECDSA 签名。",
        ),
        _REFUSED,
        Said(
            "Have it signed by a CA whose key is RSA or ECDSA.",
            "请由使用 RSA 或 ECDSA 密钥的 CA 签发。",
        ),
        _MTLS,
        (BLOCKING, WARNING),
        Scope.ADDED,
    ),
    "GCP-SIG-03": Check(
        Said("PSS signature", "PSS 签名"),
        Said(
            "It is signed with RSASSA-PSS, which Google's pages do not mention.",
            "其签名为 RSASSA-PSS，Google 的页面没有提及。",
        ),
        Said("It probably works; it is not promised.", "很可能可用，但没有承诺。"),
        Said(
            "Try it with a client outside production, or have it signed with PKCS #1 v1.5 or ECDSA.",
            "请先在非生产环境中用客户端试验，或改用 PKCS #1 v1.5 或 ECDSA 签名。",
        ),
        _MTLS,
        (WARNING,),
        Scope.ADDED,
    ),
    "GCP-SIZE-01": Check(
        Said("Certificate too large", "证书过大"),
        Said(
            "As PEM it has {size} bytes; Google takes at most {limit}.",
            "PEM 形式有 {size} 字节；Google 最多接受 {limit} 字节。",
        ),
        Said("Each field of a trust config holds up to 5 kB.", "信任配置的每个字段最多容纳 5 kB。"),
        Said(
            "Ask the issuer for a certificate with fewer names or extensions.",
            "请让签发方减少名称或扩展。",
        ),
        _QUOTAS,
        (BLOCKING,),
        Scope.ADDED,
    ),
}
