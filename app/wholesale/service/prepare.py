"""Understand an order: which goods are meant, at which price, by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, inventory, partners, pricing
from app.catalogue import Offer
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.ids import new_id
from app.partners import Contract, Location, PartnerCard, PartnerSuspended
from app.pricing import Codes, Question
from app.wholesale.models import LineRow
from app.wholesale.rules import Ack
from app.wholesale.rules.asking import (
    AskedOrder,
    Given,
    Plan,
    Planned,
    check_days,
    order_day,
    plan_lines,
    understood,
)

CHANNEL = "supermarket"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order that was understood, with everything that its lines freeze."""

    partner: PartnerCard
    contract: Contract
    location: Location
    plan: Plan
    offers: Mapping[str, Offer]

    def content(self, asked: AskedOrder) -> dict[str, object]:
        """What is kept of what was asked."""
        return understood(asked, self.plan.lines)


@dataclass(frozen=True, slots=True)
class Before:
    """What of an order matters for its amendment: units ordered by SKU, and the prices that hold for them already."""

    order_on: date
    required_on: date
    units: Mapping[str, int]
    prices: Mapping[str, int]

    def hurried_by(self, asked: AskedOrder, lines: Sequence[Planned]) -> bool:
        """Whether more is wanted than before, or sooner: only then the lead days count anew."""
        wanted: dict[str, int] = {}
        for line in lines:
            wanted[line.item.sku] = wanted.get(line.item.sku, 0) + line.units
        more = any(units > self.units.get(sku, 0) for sku, units in wanted.items())
        return more or asked.required_on < self.required_on


async def prepare(
    session: AsyncSession,
    asked: AskedOrder,
    *,
    partner_id: UUID,
    now: datetime,
    review: bool,
    before: Before | None = None,
) -> Prepared:
    """Understand ``asked``; an amendment keeps the day, and so the prices, of the order ``before``.

    Six statements however many lines there are.

    With ``review`` another price, or haste that an urgent order asks for, is a doubt and no refusal. Raises
    ``NoContract``, ``UnknownLocation``, ``PartnerSuspended``, ``RequiredOnNotPossible``, ``UnclearItems``,
    ``NotACaseMultiple``, ``BelowMinimum``, ``PriceMismatch``.
    """
    today = local_day(now)
    partner = await partners.get(session, partner_id)
    if partner.status is not partners.PartnerStatus.ACTIVE:
        raise PartnerSuspended
    contract = await partners.contract_on(session, partner_id, before.order_on if before else today)
    counts_for = order_day(contract, now)
    if before is None and counts_for > contract.valid_to:
        contract = await partners.contract_on(session, partner_id, counts_for)
    location = await partners.location(session, partner_id, asked.location_code)
    day = before.order_on if before else counts_for
    items = await pricing.contract_items(session, contract, day)
    if before is not None:
        items = [replace(item, price_fen=before.prices.get(item.sku, item.price_fen)) for item in items]
    lines = plan_lines(asked, _found(asked, items), contract, review=review)
    hurry = before is None or before.hurried_by(asked, lines)
    doubts = check_days(asked, contract, order_on=counts_for, today=today, hurry=hurry, review=review)
    offers = await catalogue.offers(session, sorted({line.item.sku for line in lines}), now=now)
    plan = Plan(day, lines, [*doubts, *(fault for line in lines for fault in line.doubts)])
    return Prepared(partner, contract, location, plan, offers)


def _found(asked: AskedOrder, items: Sequence[pricing.ContractItem]) -> list[pricing.ContractItem | Fault]:
    """What each line means, or the question that it leaves."""
    meant: list[pricing.ContractItem | Fault] = []
    coded = [line for line in asked.lines if line.sku or line.partner_item_code or line.gtin]
    wanted = [Codes(line.sku, line.partner_item_code, line.gtin) for line in coded]
    answers = iter(pricing.resolve_codes(items, wanted))
    for place, line in enumerate(asked.lines):
        if not (line.sku or line.partner_item_code or line.gtin):
            zh, en = "请填写平台货号、商品编码或条码之一", "give the SKU, the partner's item code or a GTIN"
            meant.append(Fault(f"/lines/{place}", "code_missing", zh, en))
            continue
        answer = next(answers)
        meant.append(answer.fault(f"/lines/{place}") if isinstance(answer, Question) else answer)
    return meant


def new_line(po_id: UUID, planned: Planned, given: Given, prepared: Prepared, *, now: datetime) -> LineRow:
    """A line as it is written, with everything about it frozen as it is now."""
    row = LineRow(id=new_id(now), po_id=po_id, line_no=planned.asked.line_no)
    row.shipped_units = row.delivered_units = row.received_units = row.returned_units = 0
    row.payable_fen = 0
    freeze(row, planned, given, prepared)
    return row


def freeze(row: LineRow, planned: Planned, given: Given, prepared: Prepared) -> None:
    """Everything that a line keeps of the moment in which it was answered."""
    item, asked = planned.item, planned.asked
    row.ordered_sku = item.sku
    row.ordered_units, row.promised_units = planned.units, given.units
    row.ack = (Ack.REJECTED if not given.units else Ack.ACCEPTED if given.units == planned.units else Ack.CUT).value
    row.ack_reason = given.reason
    row.asked_price_fen = asked.unit_price_fen
    name_goods(row, item, prepared.offers[item.sku], prepared.contract, prepared.partner)


def name_goods(
    row: LineRow, item: pricing.ContractItem, offer: Offer, contract: Contract, partner: PartnerCard
) -> None:
    """The goods of a line, their price and whatever a later question about them may need."""
    expected = inventory.shelf_for(offer.category, CHANNEL)
    row.sku = item.sku
    row.partner_item_code, row.gtin13, row.itf14 = item.partner_item_code, item.gtin13, item.itf14
    row.name = f"{offer.product_name} {offer.sku_name}"
    row.case_pack = item.case_pack
    row.unit_price_fen = item.price_fen
    row.min_life_pct = contract.min_life_pct
    row.min_life_days = expected.min_days if item.min_life_days is None else item.min_life_days
    row.product_id, row.product_name = offer.product_id, offer.product_name
    row.category = offer.category
    row.supplier_id, row.supplier_name = offer.supplier_id, offer.supplier_name
    row.township_code, row.township, row.village = offer.township_code, offer.township, offer.village
    row.net_weight_g, row.tax_rate_bp = offer.net_weight_g, offer.tax_rate_bp
    row.assisted = offer.assisted
    row.self_purchase = offer.supplier_uscc == partner.uscc
