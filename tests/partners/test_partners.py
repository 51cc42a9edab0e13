import pytest
from sqlalchemy import text

from app.core.errors import NotFound
from app.core.ids import new_id
from app.identity import SYSTEM, Role
from app.partners import InvalidPartner, PartnerExists, PartnerStatus, enrol, get, partners
from tests.identity.builders import account, bearer, token

TERMS = {
    "code": "P01",
    "name": "济南泉润万家超市连锁有限公司（示例）",
    "uscc": "91370112MA3FAKE120",
    "division_code": "370112",
    "stores_count": 38,
    "term_days": 45,
    "rebate_bp": 600,
}
OTHER = TERMS | {"code": "P02", "uscc": "91370303MA3FAKE204"}


async def test_a_partner_is_enrolled_as_its_contract_says(session, now):
    card = await enrol(session, **TERMS, by=SYSTEM, now=now)
    for name, value in TERMS.items():
        assert getattr(card, name) == value
    assert card.status is PartnerStatus.ACTIVE
    assert await get(session, card.id) == card
    with pytest.raises(NotFound):
        await get(session, new_id(now))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"uscc": "91370112MA3FAKE121"}, "/uscc"),
        ({"term_days": 61}, "/term_days"),
        ({"term_days": -1}, "/term_days"),
        ({"rebate_bp": 10_001}, "/rebate_bp"),
        ({"rebate_bp": -1}, "/rebate_bp"),
        ({"stores_count": -1}, "/stores_count"),
        ({"division_code": "37"}, "/division_code"),
    ],
)
async def test_terms_that_cannot_be_are_refused(session, now, change, pointer):
    with pytest.raises(InvalidPartner) as refused:
        await enrol(session, **TERMS | change, by=SYSTEM, now=now)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert (await session.execute(text("SELECT count(*) FROM partners_partner"))).scalar_one() == 0


@pytest.mark.parametrize("change", [{"code": "P01"}, {"uscc": TERMS["uscc"]}])
async def test_nobody_is_enrolled_twice(db, now, change):
    async with db.write() as session:
        await enrol(session, **TERMS, by=SYSTEM, now=now)
    with pytest.raises(PartnerExists):
        async with db.write() as session:
            await enrol(session, **OTHER | change, by=SYSTEM, now=now)
    async with db.read() as session:
        assert [card.code for card in await partners(session)] == ["P01"]


async def test_operators_see_all_partners_page_by_page(client, session, now):
    for terms in (OTHER, TERMS):
        await enrol(session, **terms, by=SYSTEM, now=now)
    headers = bearer(token(await account(session, now, Role.OPERATOR), now))
    first = (await client.get("/v1/operator/partners?limit=1", headers=headers)).json()
    assert [item["code"] for item in first["items"]] == ["P01"]
    rest = await client.get("/v1/operator/partners", params={"cursor": first["next_cursor"]}, headers=headers)
    assert [item["code"] for item in rest.json()["items"]] == ["P02"]
    assert rest.json()["next_cursor"] is None


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SUPPLIER, Role.PARTNER, Role.OFFICER])
async def test_nobody_else_does(client, session, now, role):
    headers = bearer(token(await account(session, now, role), now)) if role else {}
    answer = await client.get("/v1/operator/partners", headers=headers)
    assert answer.status_code == (403 if role else 401)
