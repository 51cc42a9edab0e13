"""What things cost: prices with their history, freight templates, and the quote of a cart.

*Owns* prices and freight templates.
*Promises* at most one current price per SKU; a quote in one statement whose parts add up to its total.
*Calls* nothing. *Tells* PriceChanged.
"""

from app.pricing.events import PriceChanged
from app.pricing.queries import current_prices
from app.pricing.routes import router
from app.pricing.rules import (
    MAX_PRICE_FEN,
    FreightRule,
    NotDeliverable,
    NotOnSale,
    Parcel,
    Price,
    PriceRace,
    Quote,
    QuotedLine,
    UnknownTemplate,
    Wanted,
    freight_fen,
)
from app.pricing.service import choose_freight, plant_freight, quote, set_price

__all__ = [
    "MAX_PRICE_FEN",
    "FreightRule",
    "NotDeliverable",
    "NotOnSale",
    "Parcel",
    "Price",
    "PriceChanged",
    "PriceRace",
    "Quote",
    "QuotedLine",
    "UnknownTemplate",
    "Wanted",
    "choose_freight",
    "current_prices",
    "freight_fen",
    "plant_freight",
    "quote",
    "router",
    "set_price",
]
