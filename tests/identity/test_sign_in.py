from datetime import timedelta

import pytest
from sqlalchemy import text

from app.identity import forget_failures, hash_password
from app.identity.service.passwords import fits
from tests.identity.builders import PASSWORD, account, bearer, refresh, sign_in


async def failures(session) -> int:
    return (await session.execute(text("SELECT count(*) FROM identity_sign_in_failure"))).scalar_one()


async def test_a_buyer_registers_signs_in_by_phone_and_asks_who_they_are(client):
    person = {"phone": "13905310001", "password": PASSWORD, "name": "李霞"}
    made = await client.post("/v1/auth/register", json=person)
    assert made.status_code == 201
    assert made.json()["roles"] == ["buyer"]
    answer = await sign_in(client, "13905310001")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json()
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 600
    me = await client.get("/v1/auth/me", headers=bearer(tokens["access_token"]))
    assert me.json() == {
        "id": made.json()["id"],
        "name": "李霞",
        "roles": ["buyer"],
        "supplier_id": None,
        "partner_id": None,
    }


async def test_phone_and_name_are_not_readable_in_the_database(client, session):
    person = {"phone": "13905310001", "password": PASSWORD, "name": "李霞"}
    await client.post("/v1/auth/register", json=person)
    row = (await session.execute(text("SELECT a::text AS all FROM identity_account a"))).scalar_one()
    assert "13905310001" not in row
    assert b"13905310001".hex() not in row
    assert "李霞".encode().hex() not in row
    assert PASSWORD not in row
    assert "$argon2id$" in row


async def test_a_taken_phone_is_refused_and_nothing_changes(client, session):
    person = {"phone": "13905310001", "password": PASSWORD, "name": "李霞"}
    await client.post("/v1/auth/register", json=person)
    again = await client.post("/v1/auth/register", json={**person, "name": "别人", "password": "another-password"})
    assert (again.status_code, again.json()["code"]) == (409, "phone_taken")
    assert (await session.execute(text("SELECT count(*) FROM identity_account"))).scalar_one() == 1
    assert (await sign_in(client, "13905310001")).status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"phone": "12905310001"}, "/phone"),
        ({"phone": "１３９０５３１０００１"}, "/phone"),
        ({"phone": "139053100011"}, "/phone"),
        ({"password": "1234567"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        *[({"password": known}, "/password") for known in ("12345678", "13905310001", "abababab", "Password1")],
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "\u200b\u00ad"}, "/name"),
        ({"name": "li\u202exia"}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"name": "很" * 51}, "/name"),
        ({"role": "operator"}, "/role"),
    ],
)
async def test_registration_says_what_is_wrong(client, session, change, pointer):
    person = {"phone": "13905310001", "password": PASSWORD, "name": "李霞", **change}
    answer = await client.post("/v1/auth/register", json=person)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert PASSWORD not in answer.text
    assert (await session.execute(text("SELECT count(*) FROM identity_account"))).scalar_one() == 0


@pytest.mark.parametrize("username", ["li-xia", "LI-XIA", " li-xia "])
async def test_a_user_name_is_read_kindly(client, session, now, username):
    await account(session, now)
    assert (await sign_in(client, username)).status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("li-xia", "wrong-password"),
        ("nobody", PASSWORD),
        ("13905319999", PASSWORD),
        ("li-xia", PASSWORD + " "),
        ("李霞", PASSWORD),
        ("x\u0000y", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
async def test_wrong_credentials_all_look_alike(client, session, now, username, password):
    await account(session, now)
    answer = await sign_in(client, username, password)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert await failures(session) == 2


async def test_an_account_without_the_password_costs_the_same_work(monkeypatch, client, session, now):
    from app.identity.service import passwords

    worked = []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda *given: worked.append(given) or verify(*given))
    await sign_in(client, "nobody")
    assert len(worked) == 1
    assert worked[0][1].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "li-xia"}, 422, "invalid_input"),
        ({"grant_type": "password", "password": "x"}, 422, "invalid_input"),
        ({"grant_type": "refresh_token"}, 422, "invalid_input"),
        ({"username": "li-xia", "password": PASSWORD}, 422, "invalid_input"),
        ({"grant_type": "password", "username": "x" * 3000, "password": "x"}, 422, "invalid_input"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, 401, "invalid_grant"),
    ],
)
async def test_the_token_endpoint_refuses_in_problem_json(client, form, status, code):
    answer = await client.post("/v1/auth/token", data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_unknown_form_fields_are_ignored_as_oauth2_asks(client, session, now):
    await account(session, now)
    form = {"grant_type": "password", "username": "li-xia", "password": PASSWORD, "scope": "", "client_id": "web"}
    assert (await client.post("/v1/auth/token", data=form)).status_code == 200


async def test_ten_failures_close_the_account_until_the_first_is_old(client, session, now, clock):
    await account(session, now)
    for _ in range(10):
        assert (await sign_in(client, "li-xia", "wrong-password")).status_code == 401
        clock.advance(seconds=30)
    closed = await sign_in(client, "li-xia")
    assert (closed.status_code, closed.json()["code"]) == (429, "rate_limited")
    assert int(closed.headers["Retry-After"]) == 15 * 60 - 300
    assert await failures(session) == 20
    clock.advance(seconds=15 * 60 - 300 - 1)
    assert (await sign_in(client, "li-xia")).status_code == 429
    clock.advance(seconds=1)
    assert (await sign_in(client, "li-xia")).status_code == 200


async def test_an_address_that_tries_ten_accounts_is_closed_for_all(client, session, now, api_from):
    await account(session, now)
    for number in range(10):
        assert (await sign_in(client, f"guess-{number}", "password")).status_code == 401
    assert (await sign_in(client, "li-xia")).status_code == 429
    async with api_from("203.0.113.9") as elsewhere:
        assert (await sign_in(elsewhere, "li-xia")).status_code == 200


async def test_failures_from_many_addresses_close_the_account(session, now, api_from):
    await account(session, now)
    for number in range(10):
        async with api_from(f"203.0.113.{number}") as somewhere:
            assert (await sign_in(somewhere, "li-xia", "wrong-password")).status_code == 401
    async with api_from("203.0.113.99") as elsewhere:
        assert (await sign_in(elsewhere, "li-xia")).status_code == 429


async def test_success_forgives_the_account_but_not_the_address(client, session, now):
    await account(session, now)
    for _ in range(9):
        await sign_in(client, "li-xia", "wrong-password")
    assert (await sign_in(client, "li-xia")).status_code == 200
    assert await failures(session) == 9
    assert (await sign_in(client, "li-xia", "wrong-password")).status_code == 401
    assert (await sign_in(client, "li-xia")).status_code == 429  # the tenth from this address


async def test_old_failures_and_ended_sign_ins_are_forgotten(client, session, now):
    await account(session, now)
    await sign_in(client, "li-xia", "wrong-password")
    await sign_in(client, "li-xia")
    await sign_in(client, "nobody", "wrong-password")
    assert await forget_failures(session, now + timedelta(hours=23)) == 0
    assert await forget_failures(session, now + timedelta(days=2)) == 3
    assert await failures(session) == 0
    assert await forget_failures(session, now + timedelta(days=31)) == 1


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(client, session, now):
    await account(session, now)
    first = (await sign_in(client, "li-xia")).json()["refresh_token"]
    other = (await sign_in(client, "li-xia")).json()["refresh_token"]
    answer = await refresh(client, first)
    assert answer.status_code == 200
    second = answer.json()["refresh_token"]
    assert second != first
    me = await client.get("/v1/auth/me", headers=bearer(answer.json()["access_token"]))
    assert me.status_code == 200
    reused = await refresh(client, first)
    assert (reused.status_code, reused.json()["code"]) == (401, "invalid_grant")
    assert (await refresh(client, second)).status_code == 401
    assert (await refresh(client, other)).status_code == 200


async def test_a_refresh_token_expires(client, session, now, clock):
    await account(session, now)
    kept = (await sign_in(client, "li-xia")).json()["refresh_token"]
    clock.advance(days=29)
    kept = (await refresh(client, kept)).json()["refresh_token"]
    clock.advance(days=30)
    assert (await refresh(client, kept)).status_code == 401


async def test_a_made_up_refresh_token_cannot_end_somebody_elses_sign_in(client, session, now, statements):
    await account(session, now)
    good = (await sign_in(client, "li-xia")).json()["refresh_token"]
    forged = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    statements.clear()
    for bad in (forged, good[:-4], good + "AAAA", "", "é"):
        assert (await refresh(client, bad)).status_code in (401, 422)
    assert statements == []
    assert (await refresh(client, good)).status_code == 200


async def test_the_secret_of_a_refresh_token_is_not_stored(client, session, now):
    await account(session, now)
    token = (await sign_in(client, "li-xia")).json()["refresh_token"]
    row = (await session.execute(text("SELECT encode(digest, 'hex') FROM identity_refresh_token"))).scalar_one()
    assert len(row) == 64
    import base64

    assert row not in base64.urlsafe_b64decode(token).hex()


async def test_two_uses_at_once_end_the_family(fresh_db, settings, now):
    import asyncio

    from app.identity.service import continue_sign_in, sign_in

    async with fresh_db.write() as session:
        await account(session, now)
    tokens = await sign_in(
        fresh_db,
        username="li-xia",
        password=PASSWORD,
        address="127.0.0.1",
        settings=settings.identity,
        limits=settings.limits,
        now=now,
    )

    async def use(refresh_token):
        async with fresh_db.write() as session:
            return await continue_sign_in(session, refresh_token, settings.identity, now)

    answers = await asyncio.gather(*(use(tokens.refresh_token) for _ in range(8)))
    winners = [answer for answer in answers if answer is not None]
    assert len(winners) == 1
    assert await use(winners[0].refresh_token) is None


async def test_a_burst_of_guesses_gets_no_more_tries_than_the_limit_and_a_gateful(fresh_db, settings, now):
    import asyncio

    from app.core.errors import RateLimited
    from app.identity import InvalidCredentials
    from app.identity.service import sign_in

    async with fresh_db.write() as session:
        await account(session, now)

    async def guess(number):
        await sign_in(
            fresh_db,
            username="li-xia",
            password=f"guess-{number}",
            address=f"203.0.113.{number}",
            settings=settings.identity,
            limits=settings.limits,
            now=now,
        )

    answers = await asyncio.gather(*(guess(number) for number in range(40)), return_exceptions=True)
    tried = sum(isinstance(answer, InvalidCredentials) for answer in answers)
    assert 10 <= tried < 10 + settings.identity.parallel_hashes
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 40 - tried


async def test_a_password_typed_on_a_full_width_keyboard_fits():
    stored = await hash_password("ｇｏｌｄｅｎ－１２３")
    assert stored.startswith("$argon2id$")
    assert await fits("golden-123", stored)
    assert not await fits("golden-124", stored)
    assert not await fits("nobody has this password", None)
    assert not await fits("golden-123", "not a hash")
