"""What things cost: prices with their history, freight templates, promotions, and the quote of a cart.

*Owns* prices, freight templates, promotions with their coupons and voucher budgets, and what orders took of these.
*Promises* at most one current price per SKU, none below the SKU's floor unasked; a crossed-out price that was the
lowest of the week before; a quote in one statement whose parts add up to its total; a budget that is never overspent
and a coupon that is never used more often than it may, both given back when the order is.
*Calls* catalogue (is there such a SKU). *Tells* PriceChanged.
"""

from app.pricing.events import PriceChanged
from app.pricing.queries import current_prices
from app.pricing.routes import router
from app.pricing.rules import (
    COMPARED,
    MAX_PRICE_FEN,
    SHOWN,
    BelowFloor,
    NotDeliverable,
    NotOnSale,
    Parcel,
    Price,
    PriceRace,
    Quote,
    QuotedLine,
    Wanted,
)
from app.pricing.rules.freight import FreightRule, UnknownTemplate, freight_fen
from app.pricing.rules.promotions import (
    CouponNotApplicable,
    CouponUsedUp,
    Discount,
    Funder,
    PromotionKind,
    PromotionUsedUp,
    Terms,
    UnknownCoupon,
)
from app.pricing.service import (
    choose_freight,
    compare,
    create_budget,
    create_promotion,
    give_back,
    hold,
    issue_coupons,
    plant_freight,
    quote,
    quote_many,
    release,
    set_price,
    stop_budget,
    stop_promotion,
    take,
    write_freight,
)

__all__ = [
    "COMPARED",
    "MAX_PRICE_FEN",
    "SHOWN",
    "BelowFloor",
    "CouponNotApplicable",
    "CouponUsedUp",
    "Discount",
    "FreightRule",
    "Funder",
    "NotDeliverable",
    "NotOnSale",
    "Parcel",
    "Price",
    "PriceChanged",
    "PriceRace",
    "PromotionKind",
    "PromotionUsedUp",
    "Quote",
    "QuotedLine",
    "Terms",
    "UnknownCoupon",
    "UnknownTemplate",
    "Wanted",
    "choose_freight",
    "compare",
    "create_budget",
    "create_promotion",
    "current_prices",
    "freight_fen",
    "give_back",
    "hold",
    "issue_coupons",
    "plant_freight",
    "quote",
    "quote_many",
    "release",
    "router",
    "set_price",
    "stop_budget",
    "stop_promotion",
    "take",
    "write_freight",
]
