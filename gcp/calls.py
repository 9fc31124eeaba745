"""One place that turns the errors of Google's clients into ours. gRPC only: REST collapses several codes into one."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions
from google.rpc import error_details_pb2

from gcp import errors

_RETRY = (exceptions.ServiceUnavailable,)
_UNKNOWN = (
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.Unknown,
    exceptions.Cancelled,
    exceptions.RetryError,
)
_CONFLICT = (exceptions.Aborted, exceptions.FailedPrecondition, exceptions.Conflict)
_DENIED = (exceptions.PermissionDenied, exceptions.Unauthenticated)


@contextmanager
def mapped(rpc: str, *, is_write: bool) -> Iterator[None]:
    """Raises our errors for Google's.

    UNAVAILABLE on a write is an unknown outcome too: the answer may have been lost after the effect (google.md §6.2).
    RESOURCE_EXHAUSTED is refused before any effect.
    """
    try:
        yield
    except exceptions.ResourceExhausted as error:
        raise errors.CloudExhausted(rpc, error.message, google_reason=_reason(error)) from error
    except (*_RETRY, *_UNKNOWN) as error:
        raise (errors.OutcomeUnknown if is_write else errors.CloudUnavailable)(
            rpc, _message(error)
        ) from error
    except _CONFLICT as error:
        raise errors.CloudConflict(rpc, error.message) from error
    except exceptions.NotFound as error:
        raise errors.CloudMissing(rpc, error.message, google_reason=_reason(error)) from error
    except _DENIED as error:
        raise errors.CloudDenied(rpc, error.message, google_reason=_reason(error)) from error
    except exceptions.GoogleAPICallError as error:
        raise errors.CloudRejected(
            rpc, error.message, _fields(error), google_reason=_reason(error)
        ) from error


def _message(error: Exception) -> str:
    return str(getattr(error, "message", "") or error)


def _reason(error: exceptions.GoogleAPICallError) -> str:
    return str(error.reason or "")


def _fields(error: exceptions.GoogleAPICallError) -> tuple[tuple[str, str], ...]:
    requests = [
        detail for detail in error.details if isinstance(detail, error_details_pb2.BadRequest)
    ]
    return tuple(
        (violation.field, violation.description)
        for request in requests
        for violation in request.field_violations
    )
