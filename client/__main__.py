"""``countersign COMMAND …``: inspect judges certificates, probe connects to a load balancer with one."""

import sys
from collections.abc import Callable, Sequence

from client import probe
from pki import __main__ as inspect

_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "inspect": inspect.main,
    "probe": probe.main,
}
_USAGE = """usage: countersign COMMAND …

  inspect FILE…                          judge certificates as the portal would
  probe --url URL --cert FILE --key FILE  show that a load balancer accepts or refuses a client

countersign COMMAND --help says more."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(given[0]) if given else None
    if command is None:
        asked = bool(given) and given[0] in {"-h", "--help"}
        print(_USAGE, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    return command(given if command is inspect.main else given[1:])


if __name__ == "__main__":
    sys.exit(main())
