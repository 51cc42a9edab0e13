"""What a lot must show for the goods it is sold as: its harvest and its shelf life."""

from __future__ import annotations

from datetime import date, timedelta

from app.catalogue.rules.solar_terms import PICKS, SPRINGS, picked
from app.core.errors import DomainError, Fault, InvalidInput


class SeasonNotProven(DomainError):
    """The lot was not harvested when the name it is sold under says (domain handbook §1.2)."""

    status = 422
    code = "season_not_proven"
    zh = "该批次的采收日期不能证明“{season}”：须在 {first} 至 {last}（{term}前）采收并登记采收日期。"
    en = "The harvest does not prove {season}: leaf of that name is picked from {first} to {last} (before {term})."


class HarvestNotKnown(SeasonNotProven):
    """The day of the harvest is missing, or lies in a year whose solar terms are not known."""

    zh = "以“{season}”之名销售的批次须登记 {first_year} 至 {last_year} 年间的采收日期，以证明其采收时令。"
    en = "A lot sold as {season} needs its day of harvest, in one of the years {first_year} to {last_year}, as proof."


def check_harvest(season: str | None, harvested_on: date | None) -> None:
    """Raise ``SeasonNotProven`` unless a lot harvested on that day may be sold as ``season``.

    Only 社前, 明前 and 雨前 promise a day; other seasons, or none, need no proof.
    """
    if season not in PICKS:
        return
    faults = [Fault("/harvested_on", "season_not_proven", "采收日期不能证明采收时令", "does not prove the season")]
    span = picked(season, harvested_on.year) if harvested_on is not None else None
    if harvested_on is None or span is None:
        raise HarvestNotKnown(season=season, first_year=min(SPRINGS), last_year=max(SPRINGS), faults=faults)
    if not span.first <= harvested_on <= span.last:
        raise SeasonNotProven(season=season, first=span.first, last=span.last, term=span.term, faults=faults)


def check_shelf_life(shelf_life_days: int, made_on: date, best_before: date) -> None:
    """Raise ``InvalidInput`` for a date beyond what goods keep that were made on that day.

    Eighteen months are 540 days to some and 549 to others, so two per cent more are let pass.

    >>> check_shelf_life(540, date(2026, 4, 12), date(2027, 10, 12))
    """
    last = made_on + timedelta(days=shelf_life_days * 102 // 100)
    if best_before > last:
        zh, en = (
            f"该商品的保质期为 {shelf_life_days} 天，最迟为 {last}",
            f"Goods of this SKU keep for {shelf_life_days} days",
        )
        raise InvalidInput(faults=[Fault("/best_before", "beyond_shelf_life", zh, f"{en}: {last} at the latest")])
