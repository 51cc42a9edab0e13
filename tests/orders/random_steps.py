"""What else happens in a random market: claims and returns, reviews, harvests, rosters, refunds that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app import claims, fulfilment, inventory, orders, payments, reviews
from app.buyers import InvoiceDetails, NewOrganisation, make_address, purchaser
from app.buyers import Kind as UnitKind
from app.buyers.lifecycle import Step
from app.buyers.service import decide_organisation, found_organisation
from app.claims import Asked, Decision, Kind, Liable, Remedy
from app.claims.lifecycle import ENDED
from app.core.settings import Settings
from app.inventory import Plan
from app.orders.queries import page_of_bulk
from app.orders.service import start_bulk_payment
from app.orders.service.roster import RosterRow
from app.payments.rules import RefundNotice
from app.payments.service import receive
from app.pricing.rules.promotions import Funder, PromotionKind, Terms
from app.pricing.service import create_budget, create_promotion, issue_coupons
from tests.shop import ADDRESS, ORGANISATION, Shop

COUPON = "WELCOME"
pieces = st.integers(1, 3)
buyers = st.sampled_from(["buyer", "stranger"])
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Stage:
    """What every step has: a shop, the time, and what happened so far."""

    shop: Shop
    settings: Settings
    done: Counter[str]
    runner: Any
    now: datetime
    news: int
    placed: list[tuple[str, orders.OrderView]]
    asked: list[payments.Payment]
    act: Callable[..., Any]
    order_and_pay: Callable[[Draw], tuple[str, orders.OrderView] | None]
    rows: Callable[[str], list[Any]]


class Offers(Stage):
    """Discounts that run, a harvest that is sold ahead, an organisation that may order."""

    union: UUID

    def open_offers(self) -> None:
        self.union = self.act("set up", self._set_up, refused=False)

    async def _set_up(self, session: AsyncSession) -> UUID:
        operator, buyer, now = self.shop.actor("operator"), self.shop.actor("buyer"), self.now
        runs = {"starts_at": now, "ends_at": now + timedelta(days=60), "by": operator, "now": now}
        budget = await create_budget(
            session, name="历城帮扶券", division_code="370112", total_fen=4_000, by=operator, now=now
        )
        off = Terms(kind=PromotionKind.AMOUNT_OFF, threshold_fen=9_900, off_fen=1_501)
        await create_promotion(
            session, name="券", terms=off, funder=Funder.DISTRICT, budget_id=budget, by_coupon=False, **runs
        )
        tea = Terms(kind=PromotionKind.PERCENT_OFF, percent_bp=333, supplier_id=self.shop.actor("S01").supplier_id)
        await create_promotion(
            session, name="茶", terms=tea, funder=Funder.SUPPLIER, budget_id=None, by_coupon=False, **runs
        )
        ten = Terms(kind=PromotionKind.AMOUNT_OFF, threshold_fen=2_000, off_fen=1_000)
        coupon = await create_promotion(
            session, name="迎新", terms=ten, funder=Funder.PLATFORM, budget_id=None, by_coupon=True, **runs
        )
        await issue_coupons(session, coupon, code=COUPON, total_limit=3, per_buyer_limit=2, now=now)
        new = NewOrganisation(
            UnitKind.UNION, ORGANISATION["name"], ORGANISATION["uscc"], "370112", InvoiceDetails(ORGANISATION["name"])
        )
        unit = await found_organisation(session, new, by=buyer, now=now)
        await decide_organisation(session, unit.id, Step.VERIFY, by=operator, now=now)
        return unit.id

    def sell_ahead(self, draw: Draw) -> None:
        plan = Plan(
            opens_at=self.now,
            closes_at=self.now + timedelta(days=20),
            harvest_from=self.now.date(),
            harvest_to=self.now.date() + timedelta(days=20),
            ship_by=self.now.date() + timedelta(days=25),
            expected_yield=draw(st.integers(4, 12)),
            factor_pct=80,
        )
        by = self.shop.actor("S08")
        self.act(
            "sell ahead",
            lambda s: inventory.open_presale(s, "NO04", plan, by=by, max_factor_pct=80, now=self.now),
        )

    def harvest_comes(self, draw: Draw) -> None:
        lot = {"harvested_on": None, "produced_on": None, "village": None, "quantity": draw(pieces)}
        code, best_before = f"L{self.now.timestamp():.0f}", self.now.date() + timedelta(days=300)
        by = self.shop.actor("S08")
        self.act(
            "harvest comes",
            lambda s: inventory.receive(s, sku="NO04", code=code, best_before=best_before, by=by, now=self.now, **lot),
        )

    def harvest_falls_short(self, draw: Draw) -> None:  # noqa: ARG002 - every step may draw
        for presale_id, supplier in self.rows(
            "SELECT p.id, s.supplier_id FROM inventory_presale p JOIN inventory_stock s ON s.sku = p.sku "
            "WHERE p.settled_at IS NULL"
        ):
            self.act(
                "harvest falls short",
                lambda s, p=presale_id, o=supplier: inventory.settle_presale(s, p, supplier_id=o, now=self.now),
            )

    def order_for_many(self, draw: Draw) -> None:
        by, wanted = self.shop.actor("buyer"), {draw(st.sampled_from(["GT04", "NO04"])): 1}
        people = [
            RosterRow(n, f"收件人{n}", make_address(**{**ADDRESS, "phone": f"1380000000{n}"}), dict(wanted))
            for n in range(1, draw(st.integers(2, 4)))
        ]

        async def place(session: AsyncSession) -> tuple[UUID, list[orders.OrderView]]:
            unit = await purchaser(session, self.union, by=by)
            roster = await orders.keep_roster(session, people, unit, by=by, now=self.now)
            asked = orders.BulkPlacement(roster.id, fresh_goods_acknowledged=True)
            placed = await orders.place_bulk(session, asked, by=by, now=self.now, pay_within_minutes=60)
            return placed.id, await page_of_bulk(session, placed.id, by=by, after=None, limit=9)

        placed = self.act("order for many", place)
        if placed is None:
            return
        self.placed += [("buyer", order) for order in placed[1]]
        asking = {"provider": payments.Provider.SANDBOX, "by": by, "settings": self.settings, "now": self.now}
        payment = self.act("ask for many", lambda s: start_bulk_payment(s, placed[0], **asking))
        if payment is not None:
            self.asked.append(payment)


class AfterSales(Stage):
    """Claims from the buyer's word to their end, whoever answers; reviews; refunds that fail and are sent again."""

    claimed: list[tuple[str, claims.Claim]]
    arrived: list[tuple[str, orders.OrderView]]

    def complain(self, draw: Draw) -> None:
        """Mostly of what has just come; of goods that went bad meanwhile, and of what never came, too."""
        who, order = draw(st.sampled_from(self.arrived[-1:] * 3 + self.arrived))
        line = draw(st.sampled_from(order.lines))
        back = (Kind.NO_REASON,) * 5 if line.sku.startswith("GT") else ()
        kind = draw(st.sampled_from([Kind.WRONG, Kind.SHORT, Kind.OTHER, *back]))
        remedy = draw(st.sampled_from([Remedy.REFUND, Remedy.RESHIP]))
        wanted = claims.NewClaim(kind, [Asked(line.id, draw(st.integers(1, line.quantity)))], remedy)
        by = self.shop.actor(who)
        claim = self.act(
            "complain", lambda s: claims.open_claim(s, order.id, wanted, by=by, now=self.now, review_hours=48)
        )
        if claim is not None:
            self.claimed.append((who, claim))
            self.claims_go_on(draw)

    def claims_go_on(self, draw: Draw) -> None:
        """Somebody does what may be done next with a claim, and perhaps somebody else after that."""
        for _ in range(draw(st.integers(1, 4))):
            self._go_on(draw)

    def _go_on(self, draw: Draw) -> None:
        found = {row[0]: row[1:] for row in self.rows("SELECT id, status, remedy FROM claims_claim")}
        still = [(who, claim) for who, claim in self.claimed if found[claim.id][0] not in ENDED]
        who, claim = draw(st.sampled_from((still or self.claimed)[-2:]))
        status, remedy = found[claim.id]
        steps = {
            "supplier_review": (*(self._accept,) * 4, self._accept_money, self._contest, self._withdraw),
            "disputed": (*(self._decide,) * 4, self._withdraw),
            "arbitration": (*(self._decide,) * 4, self._withdraw),
            "agreed": (self._send_back,) if remedy == "return" else (),
            "reshipping": (self._ship_again, self._arrives),
            "returning": (self._receive_back, self._arrives),
            "inspecting": (self._receive_back,),
            "returned": (self._accept, self._contest),
        }.get(status, ())
        if steps:
            draw(st.sampled_from(steps))(draw, who, claim)

    def _supplier(self, claim: claims.Claim) -> Any:
        return next(self.shop.actor(who) for who in ("S01", "S08") if self._owns(who, claim))

    def _owns(self, who: str, claim: claims.Claim) -> bool:
        return self.shop.actor(who).supplier_id == claim.supplier_id

    def _accept(self, _: Draw, __: str, claim: claims.Claim) -> None:
        by = self._supplier(claim)
        self.act("accept a claim", lambda s: claims.accept(s, claim.id, remedy=None, by=by, now=self.now))

    def _accept_money(self, _: Draw, __: str, claim: claims.Claim) -> None:
        by = self._supplier(claim)
        self.act("pay a claim", lambda s: claims.accept(s, claim.id, remedy=Remedy.REFUND, by=by, now=self.now))

    def _contest(self, _: Draw, __: str, claim: claims.Claim) -> None:
        by = self._supplier(claim)
        self.act("contest a claim", lambda s: claims.contest(s, claim.id, reason="不符", by=by, now=self.now))

    def _withdraw(self, _: Draw, who: str, claim: claims.Claim) -> None:
        by = self.shop.actor(who)
        self.act("withdraw a claim", lambda s: claims.withdraw(s, claim.id, by=by, now=self.now))

    def _decide(self, draw: Draw, _: str, claim: claims.Claim) -> None:
        remedy = draw(st.sampled_from([Remedy.REFUND, Remedy.RESHIP, Remedy.RETURN, None]))
        decision = Decision(remedy, draw(st.sampled_from(Liable)), "平台裁定")
        by = self.shop.actor("operator")
        self.act("decide a claim", lambda s: claims.decide(s, claim.id, decision, by=by, now=self.now))

    def _send_back(self, _: Draw, who: str, claim: claims.Claim) -> None:
        by, label = self.shop.actor(who), {"carrier": "ZTO", "tracking_number": f"79{self.now.timestamp():012.0f}"}
        self.act("send back", lambda s: claims.send_back(s, claim.id, by=by, now=self.now, **label))

    def _receive_back(self, draw: Draw, _: str, claim: claims.Claim) -> None:
        by, sellable = self._supplier(claim), draw(st.booleans())
        self.act("receive back", lambda s: claims.receive_back(s, claim.id, sellable=sellable, by=by, now=self.now))

    def _ship_again(self, _: Draw, __: str, claim: claims.Claim) -> None:
        by, label = self._supplier(claim), {"carrier": "ZTO", "tracking_number": f"77{self.now.timestamp():012.0f}"}
        self.act("ship again", lambda s: claims.ship_again(s, claim.id, lots={}, by=by, now=self.now, **label))

    def _arrives(self, _: Draw, __: str, claim: claims.Claim) -> None:
        """The carrier says that a parcel of the claim was signed for."""
        numbered = f"SELECT carrier, tracking_number FROM fulfilment_shipment WHERE reference = '{claim.id}'"
        for carrier, number in self.rows(numbered):
            signed = fulfilment.TrackingEvent(self.now, fulfilment.TrackingState.SIGNED, "已签收")
            report = fulfilment.Report(carrier, number, (signed,))
            self.act("arrive", lambda s, r=report: fulfilment.record(s, r, now=self.now))

    def review(self, draw: Draw) -> None:
        who, order = draw(st.sampled_from(self.arrived))
        line, by = draw(st.sampled_from(order.lines)), self.shop.actor(who)
        said = {"stars": draw(st.integers(1, 5)), "body": "皮薄汁多", "photos": [], "within_days": 90}
        review_id = self.act("review", lambda s: reviews.post(s, line.id, by=by, now=self.now, **said))
        if review_id is not None and draw(st.booleans()):
            operator = self.shop.actor("operator")
            self.act("hide", lambda s: reviews.hide(s, review_id, reason="广告", by=operator, now=self.now))

    def cancel_a_part(self, draw: Draw) -> None:
        """Of what is paid and, as a rule, not sent."""
        who, order = self.order_and_pay(draw) or draw(st.sampled_from(self.placed))
        part = draw(st.sampled_from(order.supplier_orders))
        if draw(st.booleans()):
            by = self.shop.actor(who)
            self.act(
                "cancel a part",
                lambda s: orders.cancel(s, order.id, by=by, reason="不要了", now=self.now, supplier_order_id=part.id),
            )
            return
        line = draw(st.sampled_from([line for line in order.lines if line.supplier_order_id == part.id]))
        gone = {
            "supplier_id": part.supplier_id,
            "by": self.shop.actor("operator"),
            "confirm_after_days": self.settings.orders.confirm_after_days,
        }
        self.act(
            "cancel pieces",
            lambda s: orders.cancel_pieces(s, part.id, {line.id: 1}, reason="缺货", now=self.now, **gone),
        )

    def the_bank_cannot_pay_back(self, draw: Draw) -> None:
        """It says so; then, perhaps, somebody asks again or pays by other means."""
        found = self.rows("SELECT id, number, amount_fen FROM payments_refund WHERE status <> 'succeeded' ORDER BY id")
        if not found:
            return
        refund_id, number, amount_fen = draw(st.sampled_from(found))
        self.news += 1
        notice = RefundNotice(
            payments.Provider.SANDBOX, f"not-{self.news}", number, f"F-{number}", amount_fen, "CNY", succeeded=False
        )
        self.act("fail to pay back", lambda s: receive(s, notice, kind="refund", now=self.now))
        by = self.shop.actor("operator").account_id
        ways = {
            "pay back again": lambda s: payments.retry_refund(s, refund_id, now=self.now),
            "pay back by hand": lambda s: payments.pay_refund_by_hand(
                s, refund_id, receipt=f"H-{number}", by=by, now=self.now
            ),
        }
        if way := draw(st.sampled_from([None, *ways])):
            self.act(way, ways[way])
