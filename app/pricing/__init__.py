"""What things cost: prices with their history, freight templates, promotions, and the quote of a cart.

*Owns* prices, freight templates, promotions with their coupons and voucher budgets, and what orders took of these;
what partners call our goods by, and the price lists of their contracts.
*Promises* at most one current price per SKU, none below the SKU's floor unasked; a crossed-out price that was the
lowest of the week before; a quote in one statement whose parts add up to its total; a budget that is never overspent
and a coupon that is never used more often than it may, both given back when the order is; one price of a sort for each
day of a contract, and a question instead of a guess where a code does not say which goods are meant.
*Calls* catalogue (is there such a SKU) and partners (whose contract it is). *Tells* PriceChanged.
"""

from app.pricing.events import PriceChanged
from app.pricing.queries import current_prices
from app.pricing.queries.contracts import contract_items
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
from app.pricing.rules.contracts import (
    CodeConflict,
    Codes,
    ContractItem,
    InvalidItem,
    InvalidPriceList,
    ItemCodeTaken,
    ListedPrice,
    Mapping,
    NewPrice,
    Question,
    QuestionKind,
    resolve_codes,
    unit_of_case,
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
    list_prices,
    map_item,
    plant_freight,
    quote,
    quote_many,
    release,
    set_price,
    stop_budget,
    stop_promotion,
    take,
    withdraw_price,
    write_freight,
)

__all__ = [
    "COMPARED",
    "MAX_PRICE_FEN",
    "SHOWN",
    "BelowFloor",
    "CodeConflict",
    "Codes",
    "ContractItem",
    "CouponNotApplicable",
    "CouponUsedUp",
    "Discount",
    "FreightRule",
    "Funder",
    "InvalidItem",
    "InvalidPriceList",
    "ItemCodeTaken",
    "ListedPrice",
    "Mapping",
    "NewPrice",
    "NotDeliverable",
    "NotOnSale",
    "Parcel",
    "Price",
    "PriceChanged",
    "PriceRace",
    "PromotionKind",
    "PromotionUsedUp",
    "Question",
    "QuestionKind",
    "Quote",
    "QuotedLine",
    "Terms",
    "UnknownCoupon",
    "UnknownTemplate",
    "Wanted",
    "choose_freight",
    "compare",
    "contract_items",
    "create_budget",
    "create_promotion",
    "current_prices",
    "freight_fen",
    "give_back",
    "hold",
    "issue_coupons",
    "list_prices",
    "map_item",
    "plant_freight",
    "quote",
    "quote_many",
    "release",
    "resolve_codes",
    "router",
    "set_price",
    "stop_budget",
    "stop_promotion",
    "take",
    "unit_of_case",
    "withdraw_price",
    "write_freight",
]
