"""What the estate says: what is trusted already, what waits, who would be locked out. Codes ``EST-…`` and ``LINT-…``."""

from pki.findings import Severity
from pki.texts import Check, Said, Scope

BLOCKING, WARNING, INFO = Severity.BLOCKING, Severity.WARNING, Severity.INFO
_QUOTAS = "Google: Certificate Manager quotas and limits"
_LIMIT_FIX = Said(
    "Retire what is no longer needed first, or use another trust config.",
    "请先停用不再需要的条目，或使用另一个信任配置。",
)

ESTATE: dict[str, Check] = {
    "EST-BREADTH-01": Check(
        Said("Whom it lets in", "它放行哪些客户端"),
        Said(
            "Every client certificate that {name} or a CA below it issues gets in. Limits in it (– when it has none): {limits}.",
            "凡由 {name} 或其下级 CA 签发的客户端证书都会被放行。其中的限制（– 表示没有）：{limits}。",
        ),
        Said(
            "A trust anchor hands the decision who gets in to its operator.",
            "信任锚把“谁能进入”的决定权交给了其运营方。",
        ),
        Said(
            "Know who operates it and what else it issues; name constraints or a path length make it narrower.",
            "请了解由谁运营以及还签发什么；名称约束或路径长度可以收窄范围。",
        ),
        "Countersign",
        (INFO,),
        Scope.AUTHORITY,
    ),
    "EST-CROSS-01": Check(
        Said("Same subject with another key", "相同主体、不同密钥"),
        Said(
            "Another CA here has the same subject and another key: {others}.",
            "这里另一个 CA 的主体相同而密钥不同：{others}。",
        ),
        Said(
            "It is a new key of the same CA, or somebody else under its name.",
            "这可能是同一 CA 的新密钥，也可能是他人冒用其名称。",
        ),
        Said(
            "Compare the fingerprint with its operator over another channel.",
            "请通过其他渠道与其运营方核对指纹。",
        ),
        "Countersign",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "EST-DUP-01": Check(
        Said("Already trusted", "已受信任"),
        Said(
            "It is there already as {role} in {trust_config}.",
            "它已经是 {trust_config} 中的{role}。",
        ),
        Said("Adding it again would change nothing.", "再次添加不会产生任何变化。"),
        Said("Leave it out.", "请将其去掉。"),
        "Countersign",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "EST-DUP-02": Check(
        Said("Also trusted elsewhere", "在别处也受信任"),
        Said(
            "The same certificate is also trusted in: {places}.",
            "同一证书还在以下位置受信任：{places}。",
        ),
        Said(
            "Revoking it later means removing it in each place.", "以后吊销时需要在每处分别移除。"
        ),
        Said("Nothing to do when that is intended.", "如果本就如此，则无需处理。"),
        "Countersign",
        (INFO,),
        Scope.ADDED,
    ),
    "EST-EXP-01": Check(
        Said("Expires soon", "即将过期"),
        Said(
            "It expires on {not_after}, in {days} days.",
            "它将于 {not_after} 过期，还有 {days} 天。",
        ),
        Said(
            "Soon after this change another one will be needed.",
            "此变更之后不久还需要再做一次变更。",
        ),
        Said("Ask for the successor now, if there is one.", "如果已有接替证书，请现在就使用它。"),
        "Countersign",
        (WARNING,),
        Scope.ADDED,
    ),
    "EST-GOLDEN-01": Check(
        Said("Would lock out a golden client", "会把黄金客户端拒之门外"),
        Said(
            "{client} gets in today and would be refused after this change: {error}.",
            "{client} 目前可以进入，而在此变更之后会被拒绝：{error}。",
        ),
        Said(
            "A tenant keeps golden clients so that a change which would lock one out is seen beforehand. The answer is predicted.",
            "租户保留黄金客户端，是为了事先发现会将其拒之门外的变更。此结果为预测。",
        ),
        Said(
            "Keep what lets it in until it has a new certificate; else say why this is right.",
            "在其获得新证书之前保留放行它的条目；否则请说明为何可以如此。",
        ),
        "Countersign",
        (BLOCKING,),
        Scope.WORKER,
        is_answerable=True,
    ),
    "EST-GOLDEN-02": Check(
        Said("Golden clients were not tried", "未试验黄金客户端"),
        Said(
            "Their chains could not be opened ({reason}), so nobody knows whether this removal locks one out.",
            "其证书链无法打开（{reason}），因此不知道此移除是否会将其中之一拒之门外。",
        ),
        Said(
            "A removal does not wait for Cloud KMS, since removing is the only revocation there is.",
            "移除不会等待 Cloud KMS，因为移除是唯一的吊销方式。",
        ),
        Said(
            "Weigh how urgent it is; once Cloud KMS answers, they are tried again before the write.",
            "请权衡紧迫性；Cloud KMS 恢复后，写入前会再次试验。",
        ),
        "Countersign",
        (WARNING,),
        Scope.WORKER,
    ),
    "EST-GONE-01": Check(
        Said("Not there", "不存在"),
        Said(
            "This tenant does not hold it as {role} in {trust_config}, so there is nothing to remove.",
            "它不是本租户在 {trust_config} 中的{role}，因此没有可移除的内容。",
        ),
        Said("It may have been removed by another change.", "它可能已被另一项变更移除。"),
        Said("Leave it out.", "请将其去掉。"),
        "Countersign",
        (BLOCKING,),
        Scope.REMOVED,
    ),
    "EST-HEAD-01": Check(
        Said("Almost full", "即将用满"),
        Said("{what}: {count} of {limit} would be used.", "{what}：将使用 {limit} 中的 {count}。"),
        Said(
            "Beyond the limit nothing can be added, also in an emergency.",
            "超出上限后将无法添加任何内容，紧急情况下也不例外。",
        ),
        Said("Retire what is no longer needed.", "请停用不再需要的条目。"),
        _QUOTAS,
        (WARNING,),
        Scope.SET,
    ),
    "EST-KEY-01": Check(
        Said("Same key under another certificate", "同一密钥的另一张证书"),
        Said(
            "Its key is also in another certificate here: {others}.",
            "其密钥也出现在这里的另一张证书中：{others}。",
        ),
        Said(
            "A renewal with the same key is nothing new; to shut out the key, all of its certificates must go.",
            "用同一密钥续期并不带来新的内容；要拒绝该密钥，必须移除它的所有证书。",
        ),
        Said(
            "Nothing to do when that is intended; a new key is better practice.",
            "如果本就如此，则无需处理；更好的做法是使用新密钥。",
        ),
        "Countersign",
        (INFO,),
        Scope.ADDED,
    ),
    "EST-LAST-01": Check(
        Said("Last trust anchor", "最后一个信任锚"),
        Said(
            "After this change {trust_config} has no trust anchor.",
            "此变更之后，{trust_config} 将没有信任锚。",
        ),
        Said(
            "Every client that is not allowlisted by itself would be refused.",
            "所有未单独列入允许列表的客户端都会被拒绝。",
        ),
        Said(
            "Add the successor in the same change, unless this is what you want.",
            "除非本意如此，否则请在同一变更中添加接替的信任锚。",
        ),
        "Countersign",
        (WARNING,),
        Scope.SET,
    ),
    "EST-LAST-02": Check(
        Said("Nothing would be left", "将不剩任何条目"),
        Said(
            "After this change {trust_config} would be empty.",
            "此变更之后，{trust_config} 将为空。",
        ),
        Said(
            "A policy that rejects invalid certificates needs a trust config that is not empty: with nothing left, every client would be locked out.",
            "拒绝无效证书的策略要求信任配置不能为空：若不剩任何条目，所有客户端都会被拒之门外。",
        ),
        Said(
            "Add what shall be trusted instead in the same change. Where the policy lets invalid certificates through, a platform admin can declare so.",
            "请在同一变更中添加要替代的受信任条目。若策略允许无效证书通过，平台管理员可作出声明。",
        ),
        "Google: ServerTlsPolicy, client_validation_mode",
        (BLOCKING, WARNING),
        Scope.SET,
    ),
    "EST-PEND-01": Check(
        Said("Crowded together with other changes", "与其他变更合计会超限"),
        Said(
            "With the other changes under way {what} would be {count} of {limit}.",
            "连同其他进行中的变更，{what}将达到 {count}，上限为 {limit}。",
        ),
        Said("Whichever is approved last would be refused.", "最后获批的变更会被拒绝。"),
        _LIMIT_FIX,
        _QUOTAS,
        (WARNING,),
        Scope.SET,
    ),
    "EST-REVOKED-01": Check(
        Said("Was revoked", "曾被吊销"),
        Said(
            "Change #{number} revoked it: it must never come back unnoticed.",
            "变更 #{number} 已将其吊销：不得在无人察觉的情况下恢复。",
        ),
        Said(
            "Google reads no revocation list; being removed is all that revocation means here.",
            "Google 不读取吊销列表；在这里，移除就是吊销的全部含义。",
        ),
        Said(
            "Use another certificate. In mode A a change may bring it back when its submitter says so on the form.",
            "请使用其他证书。在模式 A 中，提交者在表单上明确说明后，变更可以将其恢复。",
        ),
        "Countersign",
        (BLOCKING,),
        Scope.ADDED,
    ),
    "EST-REVOKED-02": Check(
        Said("Brings back a revoked certificate", "恢复已吊销的证书"),
        Said(
            "Change #{number} revoked it; this change names that revocation and brings it back.",
            "变更 #{number} 已将其吊销；此变更注明了该吊销并将其恢复。",
        ),
        Said(
            "Whoever holds the key that was given up gets in again.",
            "持有已弃用密钥的人将再次获得访问权限。",
        ),
        Said(
            "Approve only when you know why the revocation no longer holds.",
            "只有在清楚吊销为何不再成立时才可批准。",
        ),
        "Countersign",
        (WARNING,),
        Scope.ADDED,
    ),
    "EST-ROOT-01": Check(
        Said("Self-signed as an intermediate CA", "自签名证书作为中间 CA"),
        Said(
            "It signed itself, so it is a root, and no path leads over it to a trust anchor.",
            "它是自签名的根证书，没有路径能经过它到达信任锚。",
        ),
        Said("As an intermediate CA it lets nobody in.", "作为中间 CA，它不会放行任何人。"),
        Said("Choose trust anchor, or leave it out.", "请选择信任锚，或将其去掉。"),
        "RFC 5280 §6.1",
        (WARNING,),
        Scope.AUTHORITY,
    ),
    "EST-STILL-ACCEPTED": Check(
        Said("Still accepted after its removal", "移除后仍会被接受"),
        Said(
            "Removing it does not shut it out: {path} still vouches for it.",
            "移除它并不能将其拒之门外：{path} 仍为其担保。",
        ),
        Said(
            "Google reads no revocation list, so whatever still vouches for a certificate lets it in.",
            "Google 不读取吊销列表，因此只要还有担保，证书就能进入。",
        ),
        Said(
            "Remove what vouches for it too, or have the backend refuse its fingerprint; else say why this is right.",
            "请一并移除为其担保的条目，或让后端拒绝其指纹；否则请说明为何可以如此。",
        ),
        "Countersign",
        (BLOCKING, WARNING),
        Scope.REMOVED,
        is_answerable=True,
    ),
    "LINT-01": Check(
        Said("Second opinion", "第二意见"),
        Said("pkilint says: {message} ({lint}).", "pkilint 提示：{message}（{lint}）。"),
        Said(
            "An independent linter read the certificate. Its word is advice and never blocks.",
            "由独立的检查工具读取该证书。其意见仅供参考，不会阻止变更。",
        ),
        Said("Pass it on to the issuer.", "请转告签发方。"),
        "pkilint (lint_pkix_cert)",
        (INFO,),
        Scope.WORKER,
    ),
    "LINT-02": Check(
        Said("No second opinion", "没有第二意见"),
        Said(
            "pkilint did not look at {count} certificates: {reason}.",
            "pkilint 没有检查 {count} 张证书：{reason}。",
        ),
        Said(
            "Linting is advice; a change does not wait for it.", "此检查仅供参考；变更不会等待它。"
        ),
        Said("Nothing to do.", "无需处理。"),
        "pkilint (lint_pkix_cert)",
        (INFO,),
        Scope.WORKER,
    ),
}
