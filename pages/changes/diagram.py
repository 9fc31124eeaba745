"""The drawing of the state machine, made from the one table of moves."""

from dataclasses import dataclass

from approvals.states import MOVES, Move, State


@dataclass(frozen=True)
class Row:
    state: State
    ways_out: list[Move]


def rows() -> list[Row]:
    return [Row(state, [move for move in MOVES if state in move.sources]) for state in State]


def markdown() -> str:
    """docs/states.md: a Mermaid drawing and a table."""
    arrows = "\n".join(
        f"    {source.value} --> {move.target.value}: {move.method}"
        for move in MOVES
        for source in move.sources
    )
    table = "\n".join(
        f"| `{move.method}` | {', '.join(source.value for source in move.sources)} | {move.target.value} | {move.cause} |"
        for move in MOVES
    )
    return f"""# The states of a change

Generated from `approvals/states.py` by `make docs`; a test keeps it current.

```mermaid
stateDiagram-v2
    [*] --> submitted
{arrows}
    applied --> [*]
    rolled_back --> [*]
    rejected --> [*]
    withdrawn --> [*]
```

| move | from | to | cause |
|---|---|---|---|
{table}
"""
