"""The catalogue: what is sold, by whom, where it comes from and when it is in season.

*Owns* categories, products with their sales units (SKUs), pictures, the changes that suppliers propose to products,
and what operators decided about them; the county's register of certified products, which decides whose sales are
assistance.
*Promises* ``offers``: everything an order needs to know about its SKUs, in one statement, with ``on_sale`` decided
from publication and the supplier's standing. What is on sale changes by an operator's approval alone, all at once and
once. A product that shows less than the law wants cannot be published, and
spring tea has a name only if the day of its harvest proves it (``check_lot``).
*Calls* suppliers (who they are, whether they are approved, which licence they hold).
*Tells* ProductSubmitted, ProductPublished, ProductRejected, ProductWithdrawn.
"""

from app.catalogue.events import ProductPublished, ProductRejected, ProductSubmitted, ProductWithdrawn
from app.catalogue.handlers import on_certificates_changed
from app.catalogue.lifecycle import WrongProductStatus
from app.catalogue.queries import assists, by_weight, categories, floor, pictures, shown_product, skus_of_supplier
from app.catalogue.routes import router
from app.catalogue.rules import (
    CATEGORIES,
    ROOTS,
    Category,
    InvalidImage,
    InvalidProduct,
    NewProduct,
    NewSku,
    NoSuchProduct,
    Offer,
    ProductCard,
    SkuInUse,
    SkuTaken,
    SlugTaken,
)
from app.catalogue.rules.eligibility import CertificationKind, NewCertification
from app.catalogue.rules.listing import NotPublishable
from app.catalogue.rules.lots import SeasonNotProven
from app.catalogue.rules.returns import FRESH, RETURN_POLICIES, SEALED, ReturnPolicy
from app.catalogue.rules.season import Season, month_day, season_on
from app.catalogue.rules.solar_terms import PICKS, Picked, picked
from app.catalogue.service import (
    check_lot,
    create_product,
    edit,
    lots_required,
    offers,
    offers_and,
    plant_categories,
    publish,
    register_certification,
    reject,
    store_image,
    submit,
    withdraw,
)

__all__ = [
    "CATEGORIES",
    "FRESH",
    "PICKS",
    "RETURN_POLICIES",
    "ROOTS",
    "SEALED",
    "Category",
    "CertificationKind",
    "InvalidImage",
    "InvalidProduct",
    "NewCertification",
    "NewProduct",
    "NewSku",
    "NoSuchProduct",
    "NotPublishable",
    "Offer",
    "Picked",
    "ProductCard",
    "ProductPublished",
    "ProductRejected",
    "ProductSubmitted",
    "ProductWithdrawn",
    "ReturnPolicy",
    "Season",
    "SeasonNotProven",
    "SkuInUse",
    "SkuTaken",
    "SlugTaken",
    "WrongProductStatus",
    "assists",
    "by_weight",
    "categories",
    "check_lot",
    "create_product",
    "edit",
    "floor",
    "lots_required",
    "month_day",
    "offers",
    "offers_and",
    "on_certificates_changed",
    "picked",
    "pictures",
    "plant_categories",
    "publish",
    "register_certification",
    "reject",
    "router",
    "season_on",
    "shown_product",
    "skus_of_supplier",
    "store_image",
    "submit",
    "withdraw",
]
