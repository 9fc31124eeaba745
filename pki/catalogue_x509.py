"""What RFC 5280 and good practice say of one certificate. Codes ``X509-…``."""

from pki.findings import Severity
from pki.texts import Check, Said, Scope

BLOCKING, WARNING = Severity.BLOCKING, Severity.WARNING
_REISSUE = Said(
    "Ask the issuer for a certificate that meets the rule.", "请让签发方签发符合此规则的证书。"
)

X509: dict[str, Check] = {
    "X509-CRIT-01": Check(
        Said("Unknown critical extension", "未知的关键扩展"),
        Said(
            "It has critical extensions that are not processed: {oids}.",
            "它含有无法处理的关键扩展：{oids}。",
        ),
        Said(
            "Whoever does not know a critical extension must refuse the certificate.",
            "不识别关键扩展的一方必须拒绝该证书。",
        ),
        _REISSUE,
        "RFC 5280 §4.2",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-CRIT-02": Check(
        Said("Basic constraints not critical", "基本约束不是关键扩展"),
        Said(
            "It is a CA, and its basic constraints are not critical.",
            "它是 CA，但其基本约束不是关键扩展。",
        ),
        Said(
            "RFC 5280 asks for it, so that no software overlooks that it is a CA.",
            "RFC 5280 要求如此，以免软件忽略它是 CA。",
        ),
        _REISSUE,
        "RFC 5280 §4.2.1.9",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "X509-CRIT-03": Check(
        Said("Name constraints not critical", "名称约束不是关键扩展"),
        Said("It has name constraints that are not critical.", "它的名称约束不是关键扩展。"),
        Said(
            "Software that does not know them would not keep them.",
            "不识别它们的软件不会遵守这些约束。",
        ),
        _REISSUE,
        "RFC 5280 §4.2.1.10",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "X509-ENC-01": Check(
        Said("Date in the wrong form", "日期编码不当"),
        Said(
            "A date before 2050 is written as GeneralizedTime.",
            "2050 年之前的日期使用了 GeneralizedTime 编码。",
        ),
        Said(
            "RFC 5280 asks for UTCTime until 2049; strict software refuses it.",
            "RFC 5280 要求 2049 年及之前使用 UTCTime；严格的软件会拒绝。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.2.5",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-ENC-02": Check(
        Said("Hidden characters in a name", "名称中有隐藏字符"),
        Said(
            "A name in it has characters that cannot be seen: {names}",
            "其中的名称含有不可见字符：{names}",
        ),
        Said(
            "Such characters make a name look like another one. They are shown here as \\u{{…}}.",
            "此类字符会使名称看起来像另一个名称。这里以 \\u{{…}} 显示。",
        ),
        Said(
            "Ask its issuer why; do not trust it before you know.",
            "请询问签发方原因；在弄清之前不要信任它。",
        ),
        "Unicode TR 36",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-KEY-01": Check(
        Said("Broken RSA exponent", "无效的 RSA 指数"),
        Said("The RSA key's public exponent is {exponent}.", "RSA 密钥的公开指数为 {exponent}。"),
        Said(
            "With an even exponent, or with 1, signatures prove nothing.",
            "指数为偶数或 1 时，签名不能证明任何事。",
        ),
        Said("This key must be replaced.", "必须更换此密钥。"),
        "RFC 8017 §3.1; FIPS 186-5 §A.1.1",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-KEY-02": Check(
        Said("Small RSA exponent", "过小的 RSA 指数"),
        Said(
            "The RSA key's public exponent is {exponent}; 65537 or more is good practice.",
            "RSA 密钥的公开指数为 {exponent}；良好做法是 65537 或更大。",
        ),
        Said(
            "Faulty software has let signatures of such keys be forged (Bleichenbacher 2006).",
            "有缺陷的软件曾使此类密钥的签名被伪造（Bleichenbacher 2006）。",
        ),
        Said("Make the next key with exponent 65537.", "下一个密钥请使用指数 65537。"),
        "FIPS 186-5 §A.1.1",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-KEY-03": Check(
        Said("ROCA key", "ROCA 密钥"),
        Said(
            "The RSA key was made by a faulty chip (ROCA): its private key can be computed from this certificate.",
            "该 RSA 密钥由有缺陷的芯片生成（ROCA）：可以从此证书计算出私钥。",
        ),
        Said("Anyone could pose as its holder.", "任何人都可以冒充其持有者。"),
        Said(
            "Replace the key now, and make the new one outside that chip.",
            "请立即更换密钥，且不要再用该芯片生成新密钥。",
        ),
        "CVE-2017-15361",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-KU-01": Check(
        Said("May not sign a handshake", "不能签署握手"),
        Said(
            "Its key usage does not include digitalSignature.",
            "其密钥用法不包含 digitalSignature。",
        ),
        Said(
            "A TLS client proves its key by a signature; many clients and servers refuse without this usage.",
            "TLS 客户端通过签名证明其密钥；缺少此用法时，许多客户端和服务器会拒绝。",
        ),
        _REISSUE,
        "RFC 5280 §4.2.1.3; RFC 8446 §4.4.2.2",
        (WARNING,),
        Scope.ALLOWLISTED,
    ),
    "X509-NAME-01": Check(
        Said("CA without a name", "CA 没有名称"),
        Said("It is a CA and its subject is empty.", "它是 CA，但主体为空。"),
        Said(
            "Chains are built by name, so nothing can be issued by it.",
            "证书链按名称构建，因此没有证书能由它签发。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.2.6",
        (BLOCKING,),
        Scope.AUTHORITY,
    ),
    "X509-NAME-02": Check(
        Said("Names nobody", "没有任何名称"),
        Said(
            "It has neither a subject nor a subject alternative name.",
            "它既没有主体，也没有主体备用名称。",
        ),
        Said("Nobody can tell from it whom it lets in.", "无法从中看出它放行的是谁。"),
        _REISSUE,
        "RFC 5280 §4.1.2.6",
        (WARNING,),
        Scope.ALLOWLISTED,
    ),
    "X509-PATH-01": Check(
        Said("Path length without CA", "没有 CA 却有路径长度"),
        Said("It has a path length, but it is no CA.", "它有路径长度，但不是 CA。"),
        Said(
            "RFC 5280 allows a path length only on a CA; strict software refuses it.",
            "RFC 5280 只允许 CA 具有路径长度；严格的软件会拒绝。",
        ),
        _REISSUE,
        "RFC 5280 §4.2.1.9",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-SER-01": Check(
        Said("Serial number not positive", "序列号不是正数"),
        Said("Its serial number is {serial}.", "其序列号为 {serial}。"),
        Said(
            "RFC 5280 asks for a positive number; some software refuses such a certificate.",
            "RFC 5280 要求正数；部分软件会拒绝此类证书。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.2.2",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-SER-02": Check(
        Said("Serial number too long", "序列号过长"),
        Said(
            "Its serial number has {size} bytes; RFC 5280 allows 20.",
            "其序列号有 {size} 字节；RFC 5280 允许 20 字节。",
        ),
        Said(
            "Some software refuses it or cuts it off; the load balancer passes on at most 50 bytes.",
            "部分软件会拒绝或截断；负载均衡器最多传递 50 字节。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.2.2",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-SIG-01": Check(
        Said("Two signature algorithms", "两个不同的签名算法"),
        Said(
            "The algorithm inside the signed part is not the one outside of it.",
            "被签名部分内的算法与外部声明的算法不一致。",
        ),
        Said(
            "RFC 5280 demands that they are the same; BoringSSL and others refuse it.",
            "RFC 5280 要求两者相同；BoringSSL 等会拒绝。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.1.2",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-SIG-02": Check(
        Said("Signature does not verify", "签名无法验证"),
        Said(
            "Its signature was not made by the key of {issuer}, which is here.",
            "其签名不是由这里的 {issuer} 的密钥生成。",
        ),
        Said("It is damaged, or somebody made it up.", "它已损坏，或是伪造的。"),
        Said(
            "Ask the issuer for the certificate again, and compare the fingerprint.",
            "请向签发方重新索取证书，并核对指纹。",
        ),
        "RFC 5280 §6.1.3",
        (BLOCKING,),
        Scope.WORKER,
    ),
    "X509-UID-01": Check(
        Said("Unique identifiers", "唯一标识符"),
        Said("It uses issuer or subject unique identifiers.", "它使用了签发者或主体唯一标识符。"),
        Said(
            "RFC 5280 says that CAs must not issue such certificates.",
            "RFC 5280 规定 CA 不得签发此类证书。",
        ),
        _REISSUE,
        "RFC 5280 §4.1.2.8",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-VAL-01": Check(
        Said("Expired", "已过期"),
        Said("It expired on {not_after}.", "已于 {not_after} 过期。"),
        Said(
            "An expired CA lets nobody in; an expired allowlisted certificate is accepted by Google for ever.",
            "过期的 CA 不会放行任何人；而过期的允许列表证书会被 Google 一直接受。",
        ),
        Said("Upload its successor.", "请上传接替它的证书。"),
        "RFC 5280 §4.1.2.5",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-VAL-02": Check(
        Said("Not valid yet", "尚未生效"),
        Said("It is valid from {not_before} only.", "它从 {not_before} 起才有效。"),
        Said(
            "Until then clients that depend on it are refused.",
            "在此之前，依赖它的客户端会被拒绝。",
        ),
        Said(
            "Fine when it is meant for later; else check the clocks of its issuer.",
            "如果是提前准备则无妨；否则请检查签发方的时钟。",
        ),
        "RFC 5280 §4.1.2.5",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-VAL-03": Check(
        Said("Dates the wrong way round", "有效期颠倒"),
        Said(
            "It ends on {not_after}, before it begins on {not_before}.",
            "它的结束日期 {not_after} 早于开始日期 {not_before}。",
        ),
        Said("It is valid at no time.", "它在任何时候都无效。"),
        _REISSUE,
        "RFC 5280 §4.1.2.5",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "X509-VAL-04": Check(
        Said("No end", "没有终止日期"),
        Said("It says that it never ends (9999-12-31).", "它声明永不过期（9999-12-31）。"),
        Said("Whoever holds its key gets in for ever.", "持有其密钥的一方将永远可以进入。"),
        Said(
            "Have it issued with an end, or note when it is to be removed.",
            "请签发带有终止日期的证书，或记下应移除的时间。",
        ),
        "RFC 5280 §4.1.2.5",
        (WARNING,),
        Scope.ADDED,
    ),
    "X509-VER-01": Check(
        Said("Not version 3", "不是版本 3"),
        Said(
            "It is an X.509 version {version} certificate, which has no extensions.",
            "这是 X.509 版本 {version} 的证书，没有扩展。",
        ),
        Said("Only version 3 can say what a certificate is for.", "只有版本 3 能说明证书的用途。"),
        _REISSUE,
        "RFC 5280 §4.1.2.1",
        (WARNING,),
        Scope.ADDED,
    ),
}
