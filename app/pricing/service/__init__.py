"""The verbs of pricing, one file for each subject."""

from app.pricing.service.contracts import list_prices, map_item, unmap_item, withdraw_price
from app.pricing.service.freight import choose_freight, plant_freight, write_freight
from app.pricing.service.prices import compare, quote, quote_many, set_price
from app.pricing.service.promotions import (
    create_budget,
    create_promotion,
    give_back,
    hold,
    issue_coupons,
    release,
    stop_budget,
    stop_promotion,
    take,
)

__all__ = [
    "choose_freight",
    "compare",
    "create_budget",
    "create_promotion",
    "give_back",
    "hold",
    "issue_coupons",
    "list_prices",
    "map_item",
    "plant_freight",
    "quote",
    "quote_many",
    "release",
    "set_price",
    "stop_budget",
    "stop_promotion",
    "take",
    "unmap_item",
    "withdraw_price",
    "write_freight",
]
