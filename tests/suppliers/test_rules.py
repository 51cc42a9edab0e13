import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.suppliers import TOWNSHIPS, Status, SupplierStepNotAllowed, is_licence, is_uscc, made_in
from app.suppliers.lifecycle import TRANSITIONS, Step, after, allowed

DEMO = [
    "93433125MA4FAKE14C", "91433125MA4FAKE22D", "93433125MA4FAKE302", "91433125MA4FAKE495", "91433125MA4FAKE570",
    "93433125MA4FAKE65L", "91433125MA4FAKE73M", "93433125MA4FAKE81A", "93433125MA4FAKE9X2", "92433125MA4FAKEA85",
    "91433125MA4FAKEB63", "91433125MA4FAKEC4X", "91350100M000100Y43",
]  # fmt: skip


@pytest.mark.parametrize("number", DEMO)
def test_a_right_uscc(number):
    assert is_uscc(number)


@pytest.mark.parametrize(
    "number",
    ["91350100M000100Y4Z", "91350100M000100Y44", "91350100m000100y43", " 91350100M000100Y43", "91350100M000100Y4",
     "91350100M000100Y43\n", "9135-0100M000100Y43", "", "I" * 18, "９１３５０１００M000100Y43"],
)  # fmt: skip
def test_a_wrong_uscc(number):
    assert not is_uscc(number)


@given(st.sampled_from(DEMO), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_letter_is_always_noticed(number, place, letter):
    changed = number[:place] + letter + number[place + 1 :]
    assert is_uscc(changed) == (changed == number)


@pytest.mark.parametrize(
    "number",
    ["SC11443312590010", "SC11443312590028", "SC11443312590036", "SC11443312590044", "SC11443312590052",
     "SC10243312590060", "SC10243312590078"],
)  # fmt: skip
def test_a_right_licence(number):
    assert is_licence(number)
    assert made_in(number) == "433125"


@pytest.mark.parametrize(
    "number",
    ["SC11443312590011", "QS114433125900", "SC31443312590010", "sc11443312590010", "SC1144331259001",
     "SC11443312590010\n", "SC 11443312590010", "11443312590010", ""],
)  # fmt: skip
def test_a_wrong_licence(number):
    assert not is_licence(number)


def test_every_single_wrong_digit_of_a_licence_is_noticed():
    good = "SC11443312590010"
    for place in range(2, 16):
        for digit in "0123456789":
            changed = good[:place] + digit + good[place + 1 :]
            assert is_licence(changed) == (changed == good)


def test_twelve_townships():
    assert len(TOWNSHIPS) == 12
    assert all(code.startswith("433125") and len(code) == 9 for code in TOWNSHIPS)
    assert TOWNSHIPS["433125116"] == "吕洞山镇"


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("step", list(Step))
def test_every_step_from_every_status(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
        assert step in allowed(status)
    else:
        with pytest.raises(SupplierStepNotAllowed) as refused:
            after(status, step)
        assert status.value in refused.value.sentence("en")
        assert step not in allowed(status)


def test_any_walk_ends_where_an_operator_can_still_act():
    chance = random.Random(7)
    for _ in range(200):
        status = Status.APPLIED
        for _ in range(chance.randrange(10)):
            status = after(status, chance.choice(allowed(status)))
        assert allowed(status)
