"""The days of a lot: what has not happened yet cannot be booked in, and nothing keeps for ever."""

from __future__ import annotations

from datetime import date

from app.core.errors import Fault, InvalidInput


def check_dates(harvested_on: date | None, produced_on: date | None, best_before: date, *, today: date) -> date:
    """The day from which a lot that arrives ``today`` keeps. Raises ``InvalidInput`` for days that cannot be.

    Goods are harvested, made, and then arrive; the season and the shelf life are the catalogue's to judge.
    """
    faults = []
    for name, day in (("harvested_on", harvested_on), ("produced_on", produced_on)):
        if day is not None and day > today:
            faults.append(Fault(f"/{name}", "in_the_future", "日期在未来，尚未采收或生产的不能入库", "Still to come"))
        elif day is not None and day > best_before:
            faults.append(Fault(f"/{name}", "after_best_before", "日期晚于保质期至", "Later than best_before"))
    if harvested_on is not None and produced_on is not None and produced_on < harvested_on:
        faults.append(Fault("/produced_on", "before_harvest", "生产日期早于采收日期", "Earlier than harvested_on"))
    if best_before < today:
        faults.append(Fault("/best_before", "expired", "已过保质期，不能入库", "Past its date already"))
    if faults:
        raise InvalidInput(faults=faults)
    return produced_on or harvested_on or today
