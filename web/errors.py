"""What the portal refuses, and how a page says so. Each app's errors stand in its own ``errors.py``."""

from django.http import HttpRequest
from django.utils.functional import Promise


class Refusal(Exception):
    """Refused by a rule: a stable code, the HTTP status, and a sentence that is safe to show.

    The sentence says what happened and what to do.
    """

    code = "refused"
    status = 409

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def keep_on_page(request: HttpRequest, refusal: Refusal) -> int:
    """For pages that show the refusal themselves and keep what was typed; returns the HTTP status.

    The refusal is recorded with the answer, in a transaction of its own.
    """
    request.refusal = refusal  # type: ignore[attr-defined]
    return refusal.status
