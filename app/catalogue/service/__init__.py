"""What can be done in the catalogue: enter goods, and review them."""

from app.catalogue.service.certifications import add_certification, register_certification, take_certification_step
from app.catalogue.service.goods import (
    check_lot,
    create_product,
    lots_required,
    offers,
    offers_and,
    plant_categories,
    store_image,
)
from app.catalogue.service.review import (
    attach_files,
    discard,
    edit,
    look_again,
    look_at,
    publish,
    reject,
    submit,
    with_files,
    withdraw,
)

__all__ = [
    "add_certification",
    "attach_files",
    "check_lot",
    "create_product",
    "discard",
    "edit",
    "look_again",
    "look_at",
    "lots_required",
    "offers",
    "offers_and",
    "plant_categories",
    "publish",
    "register_certification",
    "reject",
    "store_image",
    "submit",
    "take_certification_step",
    "with_files",
    "withdraw",
]
