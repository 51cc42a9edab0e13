"""How prices of different sizes are compared."""

from __future__ import annotations

import re
from decimal import Decimal

from app.catalogue.rules import NewSku

COMPARED_BY = ("100g", "kg", "L")
"""The measures by which prices are compared."""

_VOLUME = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ml|l|毫升|升)(?![a-z])(?:\s*[×x*]\s*([0-9]+))?", re.IGNORECASE)

_WEIGHT = re.compile(r"[0-9]\s*(?:kg|g|千克|公斤|市斤|斤|克)(?![a-z])", re.IGNORECASE)

_LITRES = {"ml": 1, "毫升": 1, "l": 1000, "升": 1000}


def compared(root: str, sku: NewSku) -> tuple[str, int] | tuple[None, None]:
    """The measure by which a unit's price is compared, and how many thousandths of it the unit holds.

    Liquids by the litre, fruit by the kilogram, tea by 100 g; a set of different goods is not compared.

    >>> compared("golden-tea", NewSku(sku="A", name="", net_content="50g", net_weight_g=50, gross_weight_g=60,
    ...     shelf_life_days=540, tax_rate_bp=0))
    ('100g', 500)
    """
    if root == "gift-set":
        return None, None
    if (volume := _VOLUME.search(sku.net_content)) is not None:
        millilitres = Decimal(volume[1]) * _LITRES[volume[2].lower()] * int(volume[3] or 1)
        return "L", max(1, int(millilitres))
    return ("kg", sku.net_weight_g) if sku.fresh else ("100g", sku.net_weight_g * 10)


def sold_by_weight(net_content: str) -> bool:
    """Whether the label promises a weight: not a volume, and not so many pieces.

    >>> [sold_by_weight(said) for said in ("净果 5kg 箱", "125g×2罐", "10斤装", "500ml 瓶", "12 枚", "25 袋")]
    [True, True, True, False, False, False]
    """
    return _WEIGHT.search(net_content) is not None and _VOLUME.search(net_content) is None
