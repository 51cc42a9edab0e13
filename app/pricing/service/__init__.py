"""The verbs of pricing, one file for each subject."""

from app.pricing.service.contracts import list_prices, map_item, try_prices, unmap_item, withdraw_price
from app.pricing.service.freight import choose_freight, plant_freight, write_freight
from app.pricing.service.price_sheet import in_the_file, price_sheet, read_prices
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
    "in_the_file",
    "issue_coupons",
    "list_prices",
    "map_item",
    "plant_freight",
    "price_sheet",
    "quote",
    "quote_many",
    "read_prices",
    "release",
    "set_price",
    "stop_budget",
    "stop_promotion",
    "take",
    "try_prices",
    "unmap_item",
    "withdraw_price",
    "write_freight",
]
