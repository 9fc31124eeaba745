"""Why something that was uploaded was not taken. Shown on the form, never stored."""

from pki.texts import Said, Text

_KEY_WHY = Said(
    "A portal for public certificates must never see a private key. Nothing of it was kept or logged, but it has left your hands.",
    "本门户只处理公开的证书，绝不应接触私钥。系统没有保存或记录任何内容，但该私钥已经离开了您的掌控。",
)
_KEY_FIX = Said(
    "This key must now be considered exposed; replace it, and upload the new certificate without its key.",
    "此私钥必须视为已泄露；请更换密钥，然后只上传新证书，不要附带私钥。",
)
_WHAT = Said("Only X.509 certificates can be trusted.", "只有 X.509 证书才能被信任。")
_EXPORT = Said(
    "Export the certificate as PEM or DER, for example with: openssl x509 -in FILE -out certificate.pem",
    "请将证书导出为 PEM 或 DER，例如：openssl x509 -in FILE -out certificate.pem",
)


def _refusal(
    title: Said, sentence: Said, fix: Said = _EXPORT, why: Said = _WHAT, source: str = "RFC 5280"
) -> Text:
    return Text(title, sentence, why, fix, source)


REFUSALS: dict[str, Text] = {
    "IN-EMPTY-01": _refusal(
        Said("Empty file", "空文件"),
        Said("The file is empty.", "文件为空。"),
        Said(
            "Choose the file again; its export may have failed.",
            "请重新选择文件；导出可能没有成功。",
        ),
    ),
    "IN-PARSE-01": _refusal(
        Said("No certificate", "没有证书"),
        Said(
            "There is no certificate in it, neither PEM nor DER.",
            "其中没有证书，既不是 PEM 也不是 DER。",
        ),
    ),
    "IN-PARSE-02": _refusal(
        Said("Unreadable certificate", "无法读取的证书"),
        Said(
            "It looks like a certificate but cannot be read ({detail}).",
            "看起来像证书，但无法读取（{detail}）。",
        ),
        Said(
            "Ask the issuer for the certificate again; this copy is damaged or malformed.",
            "请向签发方重新索取证书；这份副本已损坏或格式不正确。",
        ),
    ),
    "IN-PARSE-03": _refusal(
        Said("Certificate with a broken field", "证书中有损坏的字段"),
        Said(
            "It is a certificate, but a field in it cannot be read ({detail}).",
            "这是证书，但其中有字段无法读取（{detail}）。",
        ),
        Said(
            "Ask the issuer for a certificate that follows RFC 5280.",
            "请让签发方签发符合 RFC 5280 的证书。",
        ),
    ),
    "IN-TRUNCATED-01": _refusal(
        Said("Truncated PEM", "PEM 不完整"),
        Said(
            "A PEM block is cut off or damaged: its end or part of its base64 is missing.",
            "PEM 块被截断或损坏：缺少结尾或部分 base64 内容。",
        ),
        Said(
            "Copy the whole text again, from -----BEGIN to -----END.",
            "请重新复制全部文本，从 -----BEGIN 到 -----END。",
        ),
        source="RFC 7468",
    ),
    "IN-KEY-01": _refusal(
        Said("Private key", "私钥"),
        Said("It holds a private key and was refused whole.", "其中包含私钥，已整体拒绝。"),
        _KEY_FIX,
        _KEY_WHY,
    ),
    "IN-KEY-02": _refusal(
        Said("PKCS#12 file", "PKCS#12 文件"),
        Said(
            "It is a PKCS#12 (.p12, .pfx) file, which carries a private key, and was refused whole.",
            "这是 PKCS#12（.p12、.pfx）文件，其中带有私钥，已整体拒绝。",
        ),
        _KEY_FIX,
        _KEY_WHY,
        "RFC 7292",
    ),
    "IN-KEY-03": _refusal(
        Said("Keystore", "密钥库"),
        Said(
            "It is a {format}, which may carry private keys, and was refused whole.",
            "这是 {format}，可能带有私钥，已整体拒绝。",
        ),
        _KEY_FIX,
        _KEY_WHY,
    ),
    "IN-CSR-01": _refusal(
        Said("Certificate request", "证书签名请求"),
        Said(
            "It is a certificate signing request (CSR), not a certificate.",
            "这是证书签名请求（CSR），不是证书。",
        ),
        Said(
            "Have your CA sign it, and upload the certificate that you get back.",
            "请让您的 CA 签发，然后上传得到的证书。",
        ),
        source="RFC 2986",
    ),
    "IN-CRL-01": _refusal(
        Said("Revocation list", "吊销列表"),
        Said("It is a certificate revocation list (CRL).", "这是证书吊销列表（CRL）。"),
        Said(
            "Google's load balancers read no CRL. To revoke a certificate, remove it with a change.",
            "Google 负载均衡器不读取 CRL。要吊销证书，请通过变更将其移除。",
        ),
    ),
    "IN-TRUSTED-01": _refusal(
        Said("OpenSSL trusted certificate", "OpenSSL 受信任证书"),
        Said(
            "It is an OpenSSL TRUSTED CERTIFICATE, which carries settings that Google does not know.",
            "这是 OpenSSL 的 TRUSTED CERTIFICATE，其中带有 Google 不识别的设置。",
        ),
    ),
    "IN-PUBKEY-01": _refusal(
        Said("Public key", "公钥"),
        Said("It is a bare public key, not a certificate.", "这只是公钥，不是证书。"),
        Said("Upload the certificate that holds this key.", "请上传包含此公钥的证书。"),
    ),
    "IN-LABEL-01": _refusal(
        Said("Something else", "其他内容"),
        Said("A PEM block named {label} is not a certificate.", "名为 {label} 的 PEM 块不是证书。"),
    ),
    "IN-PKCS7-01": _refusal(
        Said("Unreadable PKCS#7", "无法读取的 PKCS#7"),
        Said(
            "The PKCS#7 file holds no certificates that can be read ({detail}).",
            "该 PKCS#7 文件中没有可读取的证书（{detail}）。",
        ),
        Said(
            "Export it again as certificates only: openssl crl2pkcs7 -nocrl -certfile FILE",
            "请仅导出证书：openssl crl2pkcs7 -nocrl -certfile FILE",
        ),
        source="RFC 2315",
    ),
    "IN-ZIP-01": _refusal(
        Said("Damaged archive", "压缩包已损坏"),
        Said("The zip archive cannot be read ({detail}).", "该 zip 压缩包无法读取（{detail}）。"),
        Said(
            "Pack it again, or choose the files in it one by one.",
            "请重新打包，或逐个选择其中的文件。",
        ),
        source="PKWARE APPNOTE",
    ),
    "IN-ZIP-02": _refusal(
        Said("Name that leads out of the archive", "名称指向压缩包之外"),
        Said(
            "The archive holds {name}, a name that leads out of it, and was refused whole.",
            "压缩包中的 {name} 指向压缩包之外，已整体拒绝。",
        ),
        Said("Pack the files again without folders above them.", "请重新打包，不要包含上级目录。"),
        Said(
            "Such names are an attack, or an accident that looks like one.",
            "此类名称是攻击，或是看似攻击的意外。",
        ),
    ),
    "IN-ZIP-03": _refusal(
        Said("Too many files in the archive", "压缩包中的文件过多"),
        Said(
            "The archive holds {count} files; at most {limit} are read at once.",
            "压缩包中有 {count} 个文件；一次最多读取 {limit} 个。",
        ),
        Said("Choose the ones that are needed.", "请只选择需要的文件。"),
    ),
    "IN-ZIP-04": _refusal(
        Said("Encrypted archive", "加密的压缩包"),
        Said("{name} in the archive is encrypted.", "压缩包中的 {name} 已加密。"),
        Said(
            "Certificates are public: pack them without a password.",
            "证书是公开的：请不要设置密码。",
        ),
    ),
    "IN-ZIP-05": _refusal(
        Said("Archive unpacks to too much", "压缩包解压后过大"),
        Said(
            "With {name} the archive unpacks to more than {limit}, or to more than {ratio} times its size.",
            "解压到 {name} 时，压缩包超过 {limit}，或超过其大小的 {ratio} 倍。",
        ),
        Said("Pack certificates only.", "请只打包证书。"),
        Said(
            "Archives that grow like this are made to exhaust a server.",
            "如此膨胀的压缩包是用来耗尽服务器资源的。",
        ),
    ),
    "IN-ZIP-06": _refusal(
        Said("Archive in an archive", "压缩包中的压缩包"),
        Said("{name} in the archive is itself an archive.", "压缩包中的 {name} 本身也是压缩包。"),
        Said("Unpack the inner one first.", "请先解压内层压缩包。"),
    ),
    "IN-ZIP-07": _refusal(
        Said("Archive of another kind", "其他类型的压缩包"),
        Said(
            "It is an archive that is not opened here; only zip is.",
            "这是此处无法打开的压缩包；仅支持 zip。",
        ),
        Said("Unpack it, or make it a zip.", "请先解压，或改用 zip。"),
    ),
    "IN-SIZE-01": _refusal(
        Said("Upload too large", "上传过大"),
        Said("The upload is larger than {limit}.", "上传内容超过 {limit}。"),
        Said(
            "Upload certificates only, in several changes if need be.",
            "请只上传证书，必要时分成多个变更。",
        ),
        Said("Every certificate is read while you wait.", "每张证书都会在您等待期间读取。"),
        "Countersign",
    ),
    "IN-SIZE-02": _refusal(
        Said("Certificate too large", "证书过大"),
        Said(
            "One certificate has {size} bytes; {limit} are looked at, and Google takes some 3,600.",
            "一张证书有 {size} 字节；最多检查 {limit} 字节，而 Google 只接受约 3,600 字节。",
        ),
        Said(
            "Ask the issuer for a certificate with fewer names or extensions.",
            "请让签发方减少名称或扩展。",
        ),
        source="Certificate Manager quotas",
    ),
    "IN-COUNT-01": _refusal(
        Said("Too many certificates", "证书过多"),
        Said(
            "There are {count} certificates; at most {limit} are read at once.",
            "共有 {count} 张证书；一次最多读取 {limit} 张。",
        ),
        Said(
            "A trust config holds 700 at most. Choose the ones that are needed.",
            "一个信任配置最多容纳 700 张。请只选择需要的证书。",
        ),
        source="Certificate Manager quotas",
    ),
    "POL-FORM-01": _refusal(
        Said("Not a policy", "不是有效的策略"),
        Said(
            "The policy's line {line} cannot be understood: {detail}.",
            "策略中的 {line} 无法理解：{detail}。",
        ),
        Said(
            "Mend the line; docs/policy.md lists them all.",
            "请修改该行；docs/policy.md 列出了所有行。",
        ),
        Said(
            "A policy that is only half understood would be a policy with holes.",
            "只理解了一半的策略就是有漏洞的策略。",
        ),
        "Countersign",
    ),
}
