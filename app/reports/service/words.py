"""What reports say in Chinese and in English. The names of goods and places stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.catalogue import CATEGORIES
from app.core.money import yuan
from app.reports.rules import Basis, Group
from app.reports.rules.tables import Said

CHANNELS: Mapping[str, Said] = MappingProxyType(
    {
        "retail": Said("零售", "Retail"),
        "supermarket": Said("商超", "Supermarket"),
        "organisation": Said("单位采购", "Organisation"),
    }
)
_IN_ENGLISH = {
    "golden-tea": "Golden tea",
    "dark-tea": "Dark tea",
    "camellia-oil": "Camellia oil",
    "navel-orange": "Navel oranges",
    "gift-set": "Gift sets",
}
CATEGORY_NAMES: Mapping[str, Said] = MappingProxyType(
    {category.slug: Said(category.name, _IN_ENGLISH.get(category.slug, category.slug)) for category in CATEGORIES}
)
TITLES: Mapping[str, Said] = MappingProxyType(
    {
        "month": Said("月份", "Month"),
        "day": Said("日期", "Day"),
        "category": Said("类别", "Category"),
        "product_id": Said("商品编号", "Product id"),
        "product": Said("商品", "Product"),
        "sku": Said("货号", "SKU"),
        "supplier_id": Said("供应商编号", "Supplier id"),
        "supplier": Said("供应商", "Supplier"),
        "township_code": Said("乡镇代码", "Township code"),
        "township": Said("产地乡镇", "Township of origin"),
        "village": Said("产地村", "Village of origin"),
        "channel": Said("渠道", "Channel"),
        "division_code": Said("区划代码", "Division code"),
        "division": Said("销往地区", "Sold to"),
        "partner_id": Said("合作方编号", "Partner id"),
        "partner": Said("合作方", "Partner"),
        "orders": Said("订单数", "Orders"),
        "quantity": Said("件数", "Quantity"),
        "gross_fen": Said("销售额（元）", "Gross (yuan)"),
        "refunded_fen": Said("退款（元）", "Refunded (yuan)"),
        "platform_fen": Said("平台净额（元）", "Platform (yuan)"),
        "declared_fen": Said("申报净额（元）", "Declared (yuan)"),
        "net_fen": Said("净额（元）", "Net (yuan)"),
    }
)
"""What columns are called, by the name that programs use; amounts are shown in yuan."""

GROUPS: Mapping[Group, Said] = MappingProxyType(
    {
        Group.MONTH: Said("月份", "month"),
        Group.DAY: Said("日期", "day"),
        Group.CATEGORY: Said("类别", "category"),
        Group.PRODUCT: Said("商品", "product"),
        Group.SKU: Said("货号", "SKU"),
        Group.SUPPLIER: Said("供应商", "supplier"),
        Group.TOWNSHIP: Said("产地乡镇", "township of origin"),
        Group.VILLAGE: Said("产地村", "village of origin"),
        Group.CHANNEL: Said("渠道", "channel"),
        Group.DIVISION: Said("销往地区", "place sold to"),
        Group.PARTNER: Said("合作方", "partner"),
    }
)
BASES: Mapping[Basis, Said] = MappingProxyType(
    {Basis.COUNTED: Said("按计入日", "by the day of counting"), Basis.PAID: Said("按付款日", "by the day of payment")}
)
COUNTED: Mapping[Basis, Said] = MappingProxyType(
    {
        Basis.COUNTED: Said(
            "统计方法：买家签收且无未决售后，或送达满期自动确认后，销售计入完成当日；商超按验收数量计入验收当日；"
            "此后的退款、退货以负数计入到账、退货当日，不改动此前的月份。金额已扣除优惠，不含运费；取自仅可追加的帮扶台账，合计与台账分文不差。",
            "How it is counted: a sale counts on the day it is completed, signed for with no claim open or "
            "confirmed by time after delivery; what a supermarket takes in counts on the day of its receipt. A later "
            "refund or return counts as a negative amount on its own day and leaves earlier months alone. Amounts are "
            "after discounts and without freight. They are those of the append-only ledger, and the totals equal it to "
            "the fen.",
        ),
        Basis.PAID: Said(
            "统计方法：销售计入付款当日，退款计入到账当日，尚未签收的订单也在其中，因此与按计入日统计的帮扶台账不同。"
            "商超货款计入所在对账单付清当日，部分付款的对账单尚不计入。金额已扣除优惠，不含运费。",
            "How it is counted: a sale counts on the day it is paid and a refund on the day it arrives, parcels still "
            "on their way included, so the figures differ from the ledger of counted sales. Supermarkets' goods count "
            "on the day on which their statement was paid in full. Amounts are after discounts and without freight.",
        ),
    }
)
PERIOD = Said("期间", "Period")
BASIS = Said("口径", "Basis")
GROUPED = Said("分组", "Grouped by")
REST = Said("其余", "Others")
ONE_ORDER = Said(
    "同一订单出现在几行中时，合计只计一单。", "An order that appears in several rows is one order in the total."
)


def span(first: object, last: object) -> Said:
    """A closed span of days."""
    return Said(f"{first} 至 {last}（含首尾，北京时间）", f"{first} to {last} (both included, Beijing time)")


def declared(fen: int, net_fen: int) -> list[Said]:
    """What of the net only vouchers prove, beside what orders of the platform do; nothing where all is of orders."""
    if not fen:
        return []
    return [
        Said(
            f"净额中平台订单可核验 {yuan(net_fen - fen)} 元，平台外凭证申报 {yuan(fen)} 元（两人经手，另列）。",
            f"Of the net, orders of the platform prove {yuan(net_fen - fen)} yuan, and {yuan(fen)} yuan were declared "
            "with vouchers from outside it.",
        )
    ]


def undelivered(count: int) -> list[Said]:
    """What has happened and is not in the figures yet; nothing where there is nothing."""
    if not count:
        return []
    return [
        Said(
            f"另有 {count} 项已发生的销售或退款尚未计入。",
            f"{count} sales or refunds have happened and are not counted yet.",
        )
    ]
