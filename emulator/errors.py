"""How a call is refused: a gRPC status with Google's details, so that real clients raise what they would raise."""

from collections.abc import Sequence

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2


class Refused(Exception):
    """The server answers with this status.

    ``violations`` are (field, description) of google.rpc.BadRequest, ``reason`` is the one of google.rpc.ErrorInfo.
    """

    def __init__(
        self,
        code: str,
        message: str,
        violations: Sequence[tuple[str, str]] = (),
        *,
        reason: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.violations = violations
        self.reason = reason

    def status(self) -> status_pb2.Status:
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code), message=self.message)
        if self.violations:
            detail = any_pb2.Any()
            fields = [
                error_details_pb2.BadRequest.FieldViolation(field=field, description=text)
                for field, text in self.violations
            ]
            detail.Pack(error_details_pb2.BadRequest(field_violations=fields))
            status.details.append(detail)
        if self.reason:
            detail = any_pb2.Any()
            detail.Pack(error_details_pb2.ErrorInfo(reason=self.reason, domain="googleapis.com"))
            status.details.append(detail)
        return status


def invalid(field: str, description: str) -> Refused:
    return Refused("INVALID_ARGUMENT", "Validation failed", [(field, description)])
