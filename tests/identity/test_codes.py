"""One-time codes: good once, for a while, for one purpose; and an account that ends."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.core.events import Wiring
from app.core.outbox import run_couriers
from app.core.settings import IdentitySettings, LimitSettings, Settings, SmsSettings
from app.identity import Role, connect, forget_codes
from app.identity.gateways import FakeSender
from tests.identity.builders import PASSWORD, account, bearer, refresh, sign_in, token

PHONE = "13905310001"


class Phones:
    """Everybody's phone: what arrived on it."""

    def __init__(self, db, clock):
        self.sender, self._db, self._clock = FakeSender(), db, clock

    async def messages(self) -> list:
        while await run_couriers(self._db, self._clock(), limit=10):
            pass
        return list(self.sender.sent.values())

    async def code(self) -> str:
        return (await self.messages())[-1].code


@pytest.fixture
def phones(db, settings, clock):
    made = Phones(db, clock)
    db.wiring = Wiring()
    connect(db.wiring, settings, sender=made.sender)
    return made


async def ask(client, purpose="sign_in", phone=PHONE):
    return await client.post("/v1/auth/codes", json={"purpose": purpose, "phone": phone})


async def by_code(client, code, phone=PHONE):
    return await client.post("/v1/auth/token", data={"grant_type": "sms_code", "phone": phone, "code": code})


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_a_buyer_signs_in_by_code_once(client, session, now, phones):
    await account(session, now, phone=PHONE)
    assert (await ask(client)).json() == {"expires_in": 300, "retry_after": 60}
    (message,) = await phones.messages()
    assert (message.phone, message.minutes) == (PHONE, 5)
    assert message.code in message.text
    tokens = await by_code(client, message.code)
    assert tokens.status_code == 200
    assert (await client.get("/v1/auth/me", headers=bearer(tokens.json()["access_token"]))).status_code == 200
    again = await by_code(client, message.code)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_code")


async def test_neither_phone_nor_code_is_readable_in_the_database_and_a_used_code_is_gone(client, session, now, phones):
    await account(session, now, phone=PHONE)
    await ask(client)
    code = await phones.code()
    for table in ("identity_challenge", "core_event"):
        row = (await session.execute(text(f"SELECT string_agg(t::text, ' ') FROM {table} t"))).scalar_one()
        for secret in (code, PHONE):
            assert f'"{secret}"' not in row
            assert f",{secret}," not in row
            assert secret.encode().hex() not in row
    await by_code(client, code)
    left = await session.execute(text("SELECT count(*) FROM identity_challenge WHERE code_sealed IS NOT NULL"))
    assert left.scalar_one() == 0


@pytest.mark.parametrize("purpose", ["sign_in", "reset_password"])
async def test_the_answer_does_not_tell_whether_a_phone_is_known(client, session, now, phones, purpose):
    await account(session, now, phone=PHONE)
    await account(session, now, Role.OFFICER, username="zhao-gang", phone="13905310009")
    known, unknown, officer = [await ask(client, purpose, phone) for phone in (PHONE, "13905310008", "13905310009")]
    assert known.status_code == unknown.status_code == officer.status_code == 202
    assert known.content == unknown.content == officer.content
    assert [message.phone for message in await phones.messages()] == [PHONE]
    for phone in ("13905310008", "13905310009"):
        assert (await by_code(client, "000000", phone)).json()["code"] == "invalid_code"


async def test_five_wrong_tries_end_a_code(client, session, now, phones):
    await account(session, now, phone=PHONE)
    await ask(client)
    code = await phones.code()
    for _ in range(5):
        assert (await by_code(client, another(code))).status_code == 401
    assert (await by_code(client, code)).status_code == 401


async def test_a_code_ends_with_time_with_the_next_one_and_with_its_purpose(client, session, clock, now, phones):
    await account(session, now, phone=PHONE)
    await ask(client)
    first = await phones.code()
    clock.advance(seconds=61)
    await ask(client)
    second = await phones.code()
    if first != second:
        assert (await by_code(client, first)).status_code == 401
    reset = {"phone": PHONE, "code": second, "new_password": "another-password"}
    assert (await client.post("/v1/auth/password-reset", json=reset)).status_code == 422
    clock.advance(seconds=300)
    assert (await by_code(client, second)).status_code == 401
    assert await forget_codes(session, clock()) == 1


async def test_a_code_that_expired_or_was_replaced_is_not_sent(client, session, clock, now, phones):
    await account(session, now, phone=PHONE)
    await ask(client)
    clock.advance(seconds=301)
    assert await phones.messages() == []


async def test_a_message_that_was_not_taken_is_sent_later_under_the_same_key(client, session, clock, now, phones):
    await account(session, now, phone=PHONE)
    phones.sender.failing = 1
    await ask(client)
    assert await phones.messages() == []
    clock.advance(seconds=60)
    assert len(await phones.messages()) == 1


async def test_one_a_minute_and_ten_a_day_for_a_phone(client, clock, phones):
    assert (await ask(client)).status_code == 202
    clock.advance(seconds=30)
    soon = await ask(client, "register")
    assert (soon.status_code, soon.json()["code"], soon.headers["Retry-After"]) == (429, "rate_limited", "30")
    assert (await ask(client, phone="13905310002")).status_code == 202
    for _ in range(9):
        clock.advance(minutes=20)
        assert (await ask(client)).status_code == 202
    clock.advance(minutes=20)
    full = await ask(client)
    assert full.status_code == 429
    clock.advance(seconds=int(full.headers["Retry-After"]) + 1)
    assert (await ask(client)).status_code == 202


async def test_an_address_gets_thirty_an_hour(client, api_from, phones):
    for n in range(30):
        assert (await ask(client, phone=f"1390532{n:04d}")).status_code == 202
    assert (await ask(client, phone="13905330000")).status_code == 429
    async with api_from("198.51.100.7") as elsewhere:
        assert (await ask(elsewhere, phone="13905330000")).status_code == 202


async def test_wrong_codes_count_as_failed_sign_ins(client, session, now, phones, settings):
    await account(session, now, phone=PHONE)
    assert settings.limits.failed_sign_ins == LimitSettings().failed_sign_ins == 10
    for _ in range(10):
        assert (await by_code(client, "123456")).status_code == 401
    assert (await by_code(client, "123456")).status_code == 429
    assert (await sign_in(client, PHONE)).status_code == 429


async def test_a_password_is_reset_by_code_and_every_sign_in_ends(client, session, now, phones):
    await account(session, now, phone=PHONE)
    before = (await sign_in(client, PHONE)).json()
    await ask(client, "reset_password")
    body = {"phone": PHONE, "code": await phones.code(), "new_password": "another-password"}
    answer = await client.post("/v1/auth/password-reset", json=body)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (await refresh(client, before["refresh_token"])).status_code == 401
    assert (await refresh(client, answer.json()["refresh_token"])).status_code == 200
    assert (await sign_in(client, PHONE)).status_code == 401
    assert (await sign_in(client, PHONE, "another-password")).status_code == 200


async def test_the_first_code_ends_what_somebody_else_prepared_with_the_phone(client, session, now, phones):
    person = {"phone": PHONE, "password": PASSWORD, "name": "李霞"}
    assert (await client.post("/v1/auth/register", json=person)).status_code == 201
    theirs = (await sign_in(client, PHONE)).json()
    await ask(client)
    mine = await by_code(client, await phones.code())
    assert mine.status_code == 200
    assert (await refresh(client, theirs["refresh_token"])).status_code == 401
    assert (await sign_in(client, PHONE)).status_code == 401
    assert (await refresh(client, mine.json()["refresh_token"])).status_code == 200


async def test_a_password_chosen_by_who_proved_the_phone_outlives_a_code(client, clock, session, now, phones):
    await ask(client, "register")
    person = {"phone": PHONE, "password": PASSWORD, "name": "李霞", "code": await phones.code()}
    assert (await client.post("/v1/auth/register", json=person)).status_code == 201
    clock.advance(seconds=61)
    await ask(client)
    assert (await by_code(client, await phones.code())).status_code == 200
    assert (await sign_in(client, PHONE)).status_code == 200


async def test_whoever_knows_the_password_proves_the_same_phone_and_keeps_it(client, session, now, phones):
    mine = bearer(token(await account(session, now, phone=PHONE), now))
    assert (await client.post("/v1/auth/me/phone/codes", json={"phone": PHONE}, headers=mine)).status_code == 202
    body = {"phone": PHONE, "code": await phones.code()}
    assert (await client.put("/v1/auth/me/phone", json=body, headers=mine)).status_code == 200
    again = await client.post("/v1/auth/me/phone/codes", json={"phone": PHONE}, headers=mine)
    assert again.json()["code"] == "same_phone"
    assert (await sign_in(client, PHONE)).status_code == 200


async def test_a_password_is_changed_by_who_knows_it(client, session, now):
    who = await account(session, now, phone=PHONE)
    before = (await sign_in(client, PHONE)).json()
    wrong = {"old_password": "not-this-one", "new_password": "another-password"}
    refused = await client.post("/v1/auth/password", json=wrong, headers=bearer(token(who, now)))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
    body = {"old_password": PASSWORD, "new_password": "another-password"}
    changed = await client.post("/v1/auth/password", json=body, headers=bearer(token(who, now)))
    assert changed.status_code == 200
    assert (await refresh(client, before["refresh_token"])).status_code == 401
    assert (await refresh(client, changed.json()["refresh_token"])).status_code == 200
    assert (await sign_in(client, PHONE, "another-password")).status_code == 200


async def test_registering_with_a_code_proves_the_phone(client, session, phones):
    person = {"phone": PHONE, "password": PASSWORD, "name": "李霞"}
    await ask(client, "register")
    code = await phones.code()
    wrong = await client.post("/v1/auth/register", json={**person, "code": another(code)})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_code")
    assert (await client.post("/v1/auth/register", json={**person, "code": code})).status_code == 201
    proven = await session.execute(text("SELECT phone_proven_at IS NOT NULL FROM identity_account"))
    assert proven.scalar_one() is True


async def test_some_installations_demand_the_code(client, edge):
    with pytest.raises(ValueError, match="SMS__URL"):
        Settings(demo=False, identity=IdentitySettings(require_phone_code=True))
    demanding = edge.settings.identity.model_copy(update={"require_phone_code": True})
    edge.settings = edge.settings.model_copy(update={"identity": demanding})
    person = {"phone": PHONE, "password": PASSWORD, "name": "李霞"}
    refused = await client.post("/v1/auth/register", json=person)
    assert (refused.status_code, refused.json()["code"]) == (422, "code_required")


async def test_where_codes_are_really_sent_registering_needs_one_unless_it_is_set_otherwise(client, edge):
    edge.settings = edge.settings.model_copy(update={"sms": SMS})
    person = {"phone": PHONE, "password": PASSWORD, "name": "李霞"}
    refused = await client.post("/v1/auth/register", json=person)
    assert (refused.status_code, refused.json()["code"]) == (422, "code_required")
    lenient = edge.settings.identity.model_copy(update={"require_phone_code": False})
    edge.settings = edge.settings.model_copy(update={"identity": lenient})
    assert (await client.post("/v1/auth/register", json=person)).status_code == 201


async def test_where_nothing_can_be_sent_nobody_waits_for_it(client, edge, session):
    edge.settings = edge.settings.model_copy(update={"demo": False})
    refused = await ask(client)
    assert (refused.status_code, refused.json()["code"]) == (409, "codes_not_available")
    assert (await session.execute(text("SELECT count(*) FROM identity_challenge"))).scalar_one() == 0


SMS = SmsSettings(url="https://sms.example/send", secret="a-secret-of-the-sender")


@pytest.mark.parametrize(
    "one", [{"url": SMS.url}, {"secret": SMS.secret}, {"url": "http://sms.example", "secret": SMS.secret}]
)
def test_a_sender_is_https_and_has_a_secret(one):
    with pytest.raises(ValueError, match=r"(?i)sms"):
        Settings(demo=False, sms=one)


async def test_outside_a_demonstration_codes_are_posted_to_the_sender_that_is_set(client, edge, db, session, now):
    seen = []

    def provider(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503 if len(seen) == 1 else 200)

    edge.settings = edge.settings.model_copy(update={"demo": False, "sms": SMS})
    await account(session, now, phone=PHONE)
    async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as http:
        db.wiring = Wiring()
        connect(db.wiring, edge.settings, http)
        assert (await ask(client)).status_code == 202
        await run_couriers(db, now, limit=10)
        await run_couriers(db, now + timedelta(minutes=2), limit=10)
    first, second = seen
    assert first.headers["Authorization"] == "Bearer a-secret-of-the-sender"
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    body = json.loads(second.content)
    assert (body["phone"], body["template"], body["minutes"]) == (PHONE, "sign_in", 5)
    assert (await by_code(client, body["code"])).status_code == 200


async def test_the_phone_changes_with_a_code_to_the_new_one(client, session, now, phones):
    who = await account(session, now, phone=PHONE)
    other = await account(session, now, username="wang-wei", phone="13905310003")
    mine = bearer(token(who, now))
    new = "13905310002"
    assert (await client.post("/v1/auth/me/phone/codes", json={"phone": new}, headers=mine)).status_code == 202
    (message,) = await phones.messages()
    assert message.phone == new
    body = {"phone": new, "code": message.code}
    stolen = await client.put("/v1/auth/me/phone", json=body, headers=bearer(token(other, now)))
    assert stolen.json()["code"] == "invalid_code"
    assert (await client.put("/v1/auth/me/phone", json=body, headers=mine)).status_code == 200
    assert (await sign_in(client, new)).status_code == 200
    assert (await sign_in(client, PHONE)).status_code == 401


async def test_a_phone_that_is_somebody_elses_is_told_after_proof_only(client, session, now, phones):
    who = await account(session, now, phone=PHONE)
    await account(session, now, username="wang-wei", phone="13905310003")
    asked = await client.post("/v1/auth/me/phone/codes", json={"phone": "13905310003"}, headers=bearer(token(who, now)))
    assert asked.status_code == 202
    body = {"phone": "13905310003", "code": await phones.code()}
    taken = await client.put("/v1/auth/me/phone", json=body, headers=bearer(token(who, now)))
    assert (taken.status_code, taken.json()["code"]) == (409, "phone_taken")


async def test_sign_ins_are_listed_and_ended_one_by_one(client, session, now):
    who = await account(session, now, phone=PHONE)
    stranger = await account(session, now, username="wang-wei")
    first, second = [(await sign_in(client, PHONE)).json() for _ in range(2)]
    mine = bearer(token(who, now))
    page = (await client.get("/v1/auth/sessions?limit=1", headers=mine)).json()
    rest = await client.get(f"/v1/auth/sessions?limit=1&cursor={page['next_cursor']}", headers=mine)
    newest, oldest = page["items"][0]["id"], rest.json()["items"][0]["id"]
    path = f"/v1/auth/sessions/{newest}"
    assert (await client.delete(path, headers=bearer(token(stranger, now)))).status_code == 404
    assert (await client.delete(path, headers=mine)).status_code == 204
    left = (await client.get("/v1/auth/sessions", headers=mine)).json()["items"]
    assert [item["id"] for item in left] == [oldest]
    assert sorted([(await refresh(client, one["refresh_token"])).status_code for one in (first, second)]) == [200, 401]
