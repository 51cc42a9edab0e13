"""Small groups are not told: nobody is recognised, and nothing hidden can be computed from totals (handbook §2.6)."""

from __future__ import annotations

from collections.abc import Sequence


def small(count: int, fewest: int) -> bool:
    """Whether a count would tell about single households; nobody at all tells about nobody."""
    return 0 < count < fewest


def hidden_within(rows: Sequence[Sequence[int]], wholes: Sequence[str], fewest: int) -> frozenset[int]:
    """Which rows are hidden because another report tells the sum of the rows that belong to one whole."""
    gone: set[int] = set()
    for whole in sorted(set(wholes)):
        members = [at for at, name in enumerate(wholes) if name == whole]
        sums = [sum(column) for column in zip(*(rows[at] for at in members), strict=True)]
        gone |= {members[at] for at in hidden([rows[at] for at in members], sums, fewest)[0]}
    return frozenset(gone)


def hidden(
    rows: Sequence[Sequence[int]], totals: Sequence[int], fewest: int, *, also: frozenset[int] = frozenset()
) -> tuple[frozenset[int], bool]:
    """Which rows of counts are hidden, and whether the totals are too.

    A row with a count of fewer than ``fewest`` is hidden as a whole. What can be computed as total less everything
    shown must again be no small group: of the rest the smallest rows are hidden until every count of the hidden rows
    together is none or enough, and there are two of them at least. Where that cannot be, the totals are hidden.
    ``also`` are rows that something else hides.
    """
    if any(small(count, fewest) for count in totals):
        return frozenset(range(len(rows))), True
    gone = {at for at, row in enumerate(rows) if at in also or any(small(count, fewest) for count in row)}
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
