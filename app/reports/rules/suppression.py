"""Small groups are not told: nobody is recognised, and nothing hidden can be computed from totals (handbook §2.6)."""

from __future__ import annotations

from collections.abc import Sequence


def small(count: int, fewest: int) -> bool:
    """Whether a count would tell about single households; nobody at all tells about nobody."""
    return 0 < count < fewest


def hidden(rows: Sequence[Sequence[int]], totals: Sequence[int], fewest: int) -> tuple[frozenset[int], bool]:
    """Which rows of counts are hidden, and whether the totals are too.

    A row with a count of fewer than ``fewest`` is hidden as a whole. What can be computed as total less everything
    shown must again be no small group: of the rest the smallest rows are hidden until every count of the hidden rows
    together is none or enough, and there are two of them at least. Where that cannot be, the totals are hidden.
    """
    if any(small(count, fewest) for count in totals):
        return frozenset(range(len(rows))), True
    gone = {at for at, row in enumerate(rows) if any(small(count, fewest) for count in row)}
    rest = sorted((at for at in range(len(rows)) if at not in gone), key=lambda at: (sum(rows[at]), at))
    while gone and not _enough([rows[at] for at in gone], fewest):
        while rest and not any(rows[rest[0]]):
            rest.pop(0)
        if not rest:
            return frozenset(gone), True
        gone.add(rest.pop(0))
    return frozenset(gone), False


def _enough(rows: Sequence[Sequence[int]], fewest: int) -> bool:
    return len(rows) > 1 and not any(small(sum(column), fewest) for column in zip(*rows, strict=True))
