"""How much of what households were paid is allocated to counted sales: the handbook's example, sums and caps."""

from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.assistance.rules.attribution import (
    Batch,
    Paid,
    Revenue,
    Supply,
    allocate,
    benefit,
    return_bp,
    shares,
    yields_on,
)
from app.assistance.rules.season import year_of

S03, S09 = UUID(int=3), UUID(int=9)
KAPPA = yields_on(year_of(2026).ends_on)
KG = 1_000
YUAN = 100


def leaf(household, fen, supplier=S03, batch=None):
    return Paid(UUID(int=household), supplier, True, "golden-tea", fen, fen, batch)


def wage(household, fen, supplier=S03):
    return Paid(UUID(int=household), supplier, False, None, fen, fen)


def test_the_worked_example_comes_out_to_the_fen():
    """Handbook §2.7: 20,000 kg leaf, 60 households with 400,000 of it and 67,000 of wages, rent and dividends."""
    sold = shares(
        {(S03, "golden-tea"): Supply(1_200 * KG, 20_000 * KG, 8_000 * KG)},
        {S03: Revenue(900_000 * YUAN, 3_000_000 * YUAN)},
        KAPPA,
    )
    assert sold.material[S03, "golden-tea"] == sold.revenue[S03] == Fraction(3, 10)
    leaves = [666_667] * 40 + [666_666] * 20  # 400,000 yuan over 60 households, uneven by a fen
    paid = [leaf(n, fen) for n, fen in enumerate(leaves)] + [wage(n, 111_667 - (n >= 40)) for n in range(60)]
    assert sum(one.amount_fen for one in paid) == 467_000 * YUAN
    allocated = allocate(paid, sold, {})
    told = benefit(allocated, {UUID(int=n): 4 for n in range(60)})
    assert told.income_fen == 14_010_000  # 140,100.00 yuan
    assert return_bp(told.income_fen, 900_000 * YUAN) == 1557  # 15.6 %
    assert told.income_fen == 2_335 * YUAN * told.households
    assert (told.households, told.persons, told.paid_households) == (60, 240, 60)


def test_without_declared_revenue_the_material_share_stands_in_and_is_flagged():
    told = shares({(S03, "golden-tea"): Supply(1_200 * KG, 20_000 * KG)}, {S03: Revenue(900_000 * YUAN, None)}, KAPPA)
    assert told.revenue[S03] == Fraction(3, 10)
    assert told.revenue_undeclared == {S03}
    assert told.raw_undeclared == frozenset()


def test_undeclared_material_is_what_the_payments_prove_and_nothing_exceeds_the_whole():
    told = shares({(S03, "golden-tea"): Supply(1_200 * KG, None, 5_000 * KG)}, {}, KAPPA)
    assert told.material[S03, "golden-tea"] == 1
    assert told.raw_undeclared == {(S03, "golden-tea")}


def test_a_traced_lot_has_its_own_share():
    lot = UUID(int=77)
    sold = shares({(S03, "golden-tea"): Supply(0, 10_000 * KG)}, {}, KAPPA)
    first, second = allocate([leaf(1, 10_000, batch=lot), leaf(2, 10_000)], sold, {lot: Batch(30, 100)})
    assert (first.income_fen, second.income_fen) == (3_000, 0)


def test_a_household_of_two_suppliers_counts_once_and_its_parts_add_up():
    sold = shares({}, {S03: Revenue(100, 100), S09: Revenue(50, 100)}, KAPPA)
    told = benefit(
        allocate([wage(1, 8_000), wage(1, 8_000, S09), wage(2, 8_000)], sold, {}), {UUID(int=1): 3, UUID(int=2): 5}
    )
    assert (told.households, told.persons, told.income_fen) == (1, 3, 20_000)
    assert (told.paid_households, told.paid_persons) == (2, 8)


def test_what_was_taken_back_is_evidence_of_nothing():
    sold = shares({}, {S03: Revenue(100, 100)}, KAPPA)
    assert allocate([wage(1, 0), wage(2, -5)], sold, {}) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 10**9), st.booleans(), st.sampled_from([S03, S09])), max_size=40
    ),
    st.integers(0, 10**7),
    st.one_of(st.none(), st.integers(0, 10**7)),
    st.integers(0, 10**9),
    st.one_of(st.none(), st.integers(0, 10**9)),
)
def test_nobody_gets_more_than_paid_and_parts_add_up(rows, sold_g, raw_g, net, total):
    """Every bucket comes to its share of what it was paid, to the fen; no payment's part exceeds it."""
    told = shares({(S03, "golden-tea"): Supply(sold_g, raw_g, 10)}, {S03: Revenue(net, total)}, KAPPA)
    assert all(0 <= share <= 1 for share in (*told.material.values(), *told.revenue.values()))
    paid = [leaf(n, fen, by) if material else wage(n, fen, by) for n, fen, material, by in rows]
    allocated = allocate(paid, told, {})
    assert all(0 <= one.income_fen <= one.paid.amount_fen for one in allocated)
    for material in (True, False):
        mine = [one for one in allocated if one.paid.supplier == S03 and one.paid.of_material is material]
        share = told.material[S03, "golden-tea"] if material else told.revenue[S03]
        exact = share * sum(one.paid.amount_fen for one in mine)
        assert abs(sum(one.income_fen for one in mine) - exact) <= Fraction(1, 2)
    assert sum(one.income_fen for one in allocated if one.paid.supplier == S09) == 0
