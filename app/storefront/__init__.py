"""The shop window: what a buyer sees before ordering. Lists, search, product pages, the story of a lot.

*Owns* the shelf: one row per product that can be bought, with what it is found and sorted by; nothing that is shown.
*Promises* a list, a page or a story in one statement; figures as they are when the page is made; an order of products
that does not move while somebody turns pages; search by Chinese words, pinyin, initials, SKU and bar code.
*Calls* catalogue, for seasons and categories, and reads the tables of the modules whose figures it shows.
*Tells* nobody anything.
"""

from app.storefront import models as models  # the table is declared, although all statements are plain SQL
from app.storefront.handlers import (
    on_orders_paid,
    on_presale_changed,
    on_prices_changed,
    on_products_changed,
    on_review_posted,
    on_stock_ran_out,
    on_stock_returned,
    on_supplier_approved,
    on_supplier_suspended,
)
from app.storefront.queries import Facets, Position, Wish, facets, find, product, trace
from app.storefront.routes import router
from app.storefront.rules import NoSuchTrace, NotOnShelf, Sort
from app.storefront.rules.words import parse
from app.storefront.service import SALES_LISTENER, follow_presales, rebuild, refresh_words

__all__ = [
    "SALES_LISTENER",
    "Facets",
    "NoSuchTrace",
    "NotOnShelf",
    "Position",
    "Sort",
    "Wish",
    "facets",
    "find",
    "follow_presales",
    "on_orders_paid",
    "on_presale_changed",
    "on_prices_changed",
    "on_products_changed",
    "on_review_posted",
    "on_stock_ran_out",
    "on_stock_returned",
    "on_supplier_approved",
    "on_supplier_suspended",
    "parse",
    "product",
    "rebuild",
    "refresh_words",
    "router",
    "trace",
]
