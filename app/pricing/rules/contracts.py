"""Contract price lists and the codes of partners: values and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class ContractItem:
    """A line of a partner's price list as it stands on a day. Prices in fen per sales unit, tax included."""

    sku: str
    name: str
    product_id: UUID
    product_name: str
    supplier_id: UUID
    price_fen: int
    promotion: bool
    case_pack: int
    min_cases: int
    multiple_cases: int
    min_life_days: int | None
    tax_rate_bp: int
    net_weight_g: int
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None


class ItemCodeTaken(DomainError):
    """The partner calls another of our goods by this code."""

    code = "item_code_taken"
    zh = "该合作商超的另一商品已使用此编码，请先核对对照关系。"
    en = "The partner calls another of our goods by this code; check which is meant first."


class PriceListOverlaps(DomainError):
    """The price list has a price for the same goods in the same days."""

    code = "price_list_overlaps"
    zh = "同一合同中，该商品在这段日期内已有价格。"
    en = "The contract has a price for these goods in these days."
