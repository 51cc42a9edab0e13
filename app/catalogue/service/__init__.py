"""What can be done in the catalogue: enter goods, and review them."""

from app.catalogue.service.goods import (
    check_lot,
    create_product,
    lots_required,
    offers,
    offers_and,
    plant_categories,
    store_image,
)
from app.catalogue.service.review import discard, edit, look_at, publish, reject, submit, with_picture, withdraw

__all__ = [
    "check_lot",
    "create_product",
    "discard",
    "edit",
    "look_at",
    "lots_required",
    "offers",
    "offers_and",
    "plant_categories",
    "publish",
    "reject",
    "store_image",
    "submit",
    "with_picture",
    "withdraw",
]
