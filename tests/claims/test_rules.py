"""What a claim is worth and until when it may be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import orders
from app.claims.rules import (
    Asked,
    ClaimLine,
    ClaimsTooMuch,
    ClaimTooLate,
    Held,
    Kind,
    LineNamedTwice,
    NewClaim,
    NotDelivered,
    NotReturnable,
    OneSupplierOnly,
    PiecesRequired,
    Remedy,
    RemedyNotAvailable,
    WithinAllowance,
    affordable,
    assess,
    from_lots,
    share,
)

SIGNED = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SOON = SIGNED + timedelta(hours=1)


def sold(*, amount_fen=4_990, quantity=1, fresh=True, **other):
    terms = (0, 24, 0, 3_000) if fresh else (7, 168, 0, 10_000)
    return orders.ArrivedLine(
        **{
            "id": uuid4(),
            "supplier_order_id": PART,
            "supplier_id": PART,
            "status": "delivered",
            "sku": "NO02",
            "name": "脐橙",
            "quantity": quantity,
            "amount_fen": amount_fen,
            "refunded_fen": 0,
            "refunded_quantity": 0,
            "freight_fen": 1_400,
            "shipped_at": SIGNED - timedelta(days=2),
            "delivered_at": SIGNED,
            **dict(zip(("return_days", "claim_hours", "bad_allow_bp", "bad_full_bp"), terms, strict=True)),
            **other,
        }
    )


PART = uuid4()


def claim(line, kind, quantity=1, bad=None, total=None, *, now=SOON, held=None, freight=1_400, **other):
    basis = orders.ClaimBasis(uuid4(), "BJ1", uuid4(), (line,), {line.supplier_order_id: freight})
    wanted = NewClaim(kind, [Asked(line.id, quantity, bad, total)], **({"photos": [PART]} | other))
    return assess(wanted, basis, {} if held is None else {line.id: held}, now=now)


class TestBadFruit:
    @pytest.mark.parametrize(
        ("bad", "total", "refund_fen", "units", "freight_fen"),
        [
            (1, 25, 200, 0, 0),  # 199.6
            (3, 25, 599, 0, 0),  # 598.8
            (2, 7, 1_426, 0, 0),  # 1425.7, and 28.6 %
            (3, 10, 4_990, 1, 1_400),  # 30 %: all of it, and its freight
            (299, 1_000, 1_492, 0, 0),  # 29.9 %
            (25, 25, 4_990, 1, 1_400),
        ],
    )
    def test_by_the_piece_and_from_thirty_percent_on_everything(self, bad, total, refund_fen, units, freight_fen):
        found = claim(sold(), Kind.BAD_FRUIT, 1, bad, total)
        assert (found.lines[0].refund_fen, found.lines[0].refund_quantity) == (refund_fen, units)
        assert (found.freight_fen, found.refund_fen) == (freight_fen, refund_fen + freight_fen)

    def test_half_a_fen_goes_to_the_buyer(self):
        assert [share(1, 1, 2), share(3, 1, 2), share(1, 1, 3), share(2, 1, 3), share(5, 1, 10)] == [1, 2, 0, 1, 1]

    def test_of_several_boxes_only_those_concerned_are_paid(self):
        line = sold(amount_fen=9_980, quantity=2)
        assert claim(line, Kind.BAD_FRUIT, 1, 1, 25).refund_fen == 200
        assert claim(line, Kind.BAD_FRUIT, 2, 1, 50).refund_fen == 200
        whole_box = claim(line, Kind.BAD_FRUIT, 1, 10, 25)
        assert (whole_box.refund_fen, whole_box.lines[0].refund_quantity, whole_box.freight_fen) == (4_990, 1, 0)

    def test_what_was_announced_as_normal_is_not_paid(self):
        line = sold(bad_allow_bp=500)
        with pytest.raises(WithinAllowance) as refused:
            claim(line, Kind.BAD_FRUIT, 1, 1, 20)
        assert "5 %" in refused.value.sentence("en")
        assert claim(line, Kind.BAD_FRUIT, 1, 2, 20).refund_fen == 499

    @pytest.mark.parametrize(("bad", "total"), [(None, None), (1, None), (None, 10), (11, 10), (0, 10)])
    def test_pieces_are_counted(self, bad, total):
        with pytest.raises(PiecesRequired) as refused:
            claim(sold(), Kind.BAD_FRUIT, 1, bad, total)
        assert [fault.pointer for fault in refused.value.faults] == ["/lines/0/bad_pieces"]

    def test_the_window_opens_with_the_hand_and_not_with_the_locker(self):
        assert claim(sold(), Kind.BAD_FRUIT, 1, 1, 25, now=SIGNED + timedelta(hours=24)).refund_fen == 200
        with pytest.raises(ClaimTooLate):
            claim(sold(), Kind.BAD_FRUIT, 1, 1, 25, now=SIGNED + timedelta(hours=24, seconds=1))
        assert claim(sold(claim_hours=48), Kind.BAD_FRUIT, 1, 1, 25, now=SIGNED + timedelta(hours=48)).refund_fen == 200
        with pytest.raises(NotDelivered):
            claim(sold(delivered_at=None), Kind.BAD_FRUIT, 1, 1, 25)


class TestOtherKinds:
    def test_short_by_the_unit_or_by_the_piece(self):
        line = sold(amount_fen=9_980, quantity=2)
        assert claim(line, Kind.SHORT, 1).refund_fen == 4_990
        missing = claim(line, Kind.SHORT, 1, 2, 25)
        assert (missing.refund_fen, missing.lines[0].refund_quantity) == (399, 0)
        gone = claim(line, Kind.SHORT, 2, 50, 50)
        assert (gone.refund_fen, gone.lines[0].refund_quantity) == (9_980 + 1_400, 2)
        with pytest.raises(PiecesRequired):
            claim(line, Kind.SHORT, 1, 2)

    def test_wrong_goods_are_paid_by_the_unit(self):
        assert claim(sold(amount_fen=9_980, quantity=2), Kind.WRONG, 1).refund_fen == 4_990
        assert claim(sold(), Kind.WRONG).refund_fen == 4_990 + 1_400

    def test_without_a_reason_goods_that_keep_go_back_and_the_freight_does_not(self):
        found = claim(sold(fresh=False), Kind.NO_REASON)
        assert (found.remedy, found.refund_fen, found.freight_fen) == (Remedy.RETURN, 4_990, 0)
        with pytest.raises(NotReturnable):
            claim(sold(), Kind.NO_REASON)

    def test_seven_whole_days_after_the_day_of_receipt(self):
        last = datetime(2026, 11, 27, 15, 59, 59, tzinfo=UTC)  # the end of the seventh day in Shanghai
        assert claim(sold(fresh=False), Kind.NO_REASON, now=last).refund_fen == 4_990
        with pytest.raises(ClaimTooLate):
            claim(sold(fresh=False), Kind.NO_REASON, now=last + timedelta(seconds=2))

    def test_other_trouble_may_be_told_before_anything_arrived(self):
        found = claim(sold(delivered_at=None), Kind.OTHER, now=SIGNED)
        assert (found.remedy, found.refund_fen) == (Remedy.REFUND, 0)
        with pytest.raises(ClaimTooLate):
            claim(sold(), Kind.OTHER, now=SIGNED + timedelta(days=29))


class TestSendingAgain:
    def test_whole_units_that_are_wrong_missing_or_mostly_bad(self):
        for kind, pieces in ((Kind.WRONG, ()), (Kind.SHORT, ()), (Kind.BAD_FRUIT, (3, 10)), (Kind.SHORT, (5, 5))):
            assert claim(sold(), kind, 1, *pieces, remedy=Remedy.RESHIP).remedy is Remedy.RESHIP

    @pytest.mark.parametrize(("kind", "pieces"), [(Kind.OTHER, ()), (Kind.BAD_FRUIT, (1, 10)), (Kind.SHORT, (1, 10))])
    def test_nothing_else(self, kind, pieces):
        with pytest.raises(RemedyNotAvailable):
            claim(sold(), kind, 1, *pieces, remedy=Remedy.RESHIP)


class TestTogether:
    def test_what_went_back_or_is_claimed_elsewhere_is_not_claimed_again(self):
        line = sold(amount_fen=9_980, quantity=2)
        with pytest.raises(ClaimsTooMuch):
            claim(line, Kind.WRONG, 3)
        with pytest.raises(ClaimsTooMuch):
            claim(replace(line, refunded_quantity=1), Kind.WRONG, 2)
        with pytest.raises(ClaimsTooMuch):
            claim(line, Kind.WRONG, 1, held=Held(2, 400))
        with pytest.raises(ClaimsTooMuch):
            claim(replace(line, refunded_fen=9_980), Kind.WRONG, 1)
        cut = claim(replace(line, refunded_fen=9_000), Kind.WRONG, 1, held=Held(1, 900))
        assert cut.refund_fen == 80

    def test_freight_goes_back_once(self):
        assert claim(sold(), Kind.WRONG, freight=500).freight_fen == 500
        assert claim(sold(), Kind.WRONG, freight=0).freight_fen == 0

    def test_one_supplier_and_each_line_once(self):
        one, other = sold(), sold(supplier_order_id=uuid4())
        basis = orders.ClaimBasis(uuid4(), "BJ1", uuid4(), (one, other), {})
        with pytest.raises(OneSupplierOnly):
            assess(NewClaim(Kind.WRONG, [Asked(one.id, 1), Asked(other.id, 1)]), basis, {}, now=SOON)
        with pytest.raises(LineNamedTwice):
            assess(NewClaim(Kind.WRONG, [Asked(one.id, 1), Asked(one.id, 1)]), basis, {}, now=SOON)
        with pytest.raises(orders.UnknownLine):
            assess(NewClaim(Kind.WRONG, [Asked(uuid4(), 1)]), basis, {}, now=SOON)

    @given(
        amount=st.integers(0, 10**9),
        quantity=st.integers(1, 50),
        claims=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 200), st.integers(1, 200)), max_size=6),
    )
    def test_claims_one_after_the_other_never_come_to_more_than_was_paid(self, amount, quantity, claims):
        line = sold(amount_fen=amount, quantity=quantity)
        freight = line.freight_fen
        for units, bad, total in claims:
            try:
                found = claim(line, Kind.BAD_FRUIT, units, min(bad, total), total, freight=freight)
            except ClaimsTooMuch:
                continue
            worth = found.lines[0]
            exact = Fraction(amount * units, quantity)
            assert 0 <= worth.refund_fen <= exact + Fraction(1, 2)
            if Fraction(min(bad, total), total) < Fraction(3, 10):
                assert worth.refund_fen <= exact * Fraction(3, 10) + Fraction(1, 2)
            line = replace(
                line,
                refunded_fen=line.refunded_fen + worth.refund_fen,
                refunded_quantity=line.refunded_quantity + worth.refund_quantity,
            )
            freight -= found.freight_fen
            assert line.refunded_fen <= amount
            assert line.refunded_quantity <= quantity
            assert freight >= 0

    def test_what_is_paid_is_cut_to_what_is_left(self):
        line = sold(refunded_fen=4_000, refunded_quantity=1)
        basis = orders.ClaimBasis(uuid4(), "BJ1", uuid4(), (line,), {})
        wanted = ClaimLine(uuid4(), line.id, "NO02", "脐橙", 1, None, None, 4_990, 1)
        assert affordable([wanted], basis) == [(line.id, 990, 0)]
        assert affordable([replace(wanted, refund_fen=0)], basis) == []


@given(
    st.dictionaries(st.sampled_from(["A", "B", "C", None]), st.integers(-2, 50)),
    st.lists(st.integers(1, 60), max_size=4),
)
def test_no_lot_gets_back_more_than_it_sent_however_often_goods_come_back(sent, returns):
    left = dict(sent)
    for quantity in returns:
        back = from_lots(quantity, left)
        assert sum(pieces for _, pieces in back) == quantity
        for lot, pieces in back:
            assert pieces > 0
            assert lot is None or pieces <= left[lot]
            left[lot] = left.get(lot, 0) - pieces


def test_goods_of_two_lots_come_back_in_proportion():
    assert from_lots(2, {"A": 2, "B": 1}) == [("A", 1), ("B", 1)]
    assert from_lots(3, {"A": 2, "B": 1}) == [("A", 2), ("B", 1)]
    assert from_lots(4, {"A": 2, None: 1}) == [("A", 2), (None, 2)]
    assert from_lots(1, {}) == [(None, 1)]
