"""AuditError
├── OutsideTransaction   an event was to be written without the transaction of its fact
└── NotRecordable        a value that canonical JSON cannot hold, or an event that is too large
"""


class AuditError(Exception):
    code = "audit"


class OutsideTransaction(AuditError):
    code = "outside-transaction"


class NotRecordable(AuditError):
    code = "not-recordable"
