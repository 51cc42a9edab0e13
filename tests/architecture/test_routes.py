"""Every route says who may call it, what it refuses with, and is documented so that a client can be generated."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app import identity, main, pages
from app.core.web.health import router as health
from app.fulfilment.routes import SignedByCarrier
from app.identity.rules import scope_for
from app.payments.routes import SignedByProvider
from tests.document import openapi

_GUARDS = {
    name: get_args(guard)[1].dependency
    for name, guard in {
        **{
            name: getattr(identity, name)
            for name in (
                "Buyer",
                "SupplierStaff",
                "PartnerStaff",
                "Officer",
                "OfficerAlone",
                "Operator",
                "SignedIn",
                "Public",
                "Visitor",
            )
        },
        "SignedByProvider": SignedByProvider,
        "SignedByCarrier": SignedByCarrier,
    }.items()
}
_AUDIENCES = {
    "/v1/auth": {"Public", "SignedIn", "Buyer"},
    "/v1/store": {"Public", "Visitor", "Buyer", "SignedIn"},
    "/v1/supplier": {"SupplierStaff"},
    "/v1/partner": {"PartnerStaff"},
    "/v1/office": {"Officer", "OfficerAlone"},
    "/v1/operator": {"Operator"},
    "/v1/notifications": {"SignedByProvider", "SignedByCarrier"},
    "/v1/sandbox": {"Public"},
}
_MOVES_STOCK_OR_MONEY = {
    "apply_partner_remittance",
    "approve_partner_refund",
    "confirm_suggested_payment",
    "decide_missing_goods",
    "decline_partner_refund",
    "draft_partner_refund",
    "note_partner_refund_paid",
    "place_order",
    "place_bulk_order",
    "start_bulk_payment",
    "cancel_order",
    "cancel_order_for_buyer",
    "cancel_order_lines",
    "confirm_receipt",
    "start_payment",
    "ship_order",
    "correct_weights",
    "refund_order_lines",
    "retry_refund",
    "import_bank_statement",
    "assign_bank_entry",
    "return_bank_entry",
    "settle_presale",
    "confirm_refund_by_hand",
    "open_claim",
    "accept_claim",
    "ship_claim",
    "receive_goods_back",
    "decide_claim",
    "update_inventory",
    "update_inventory_as_agent",
    "apply_inventory_import",
    "receive_lot",
    "recall_lot",
    "recall_own_lot",
    "confirm_recall_refund",
    "dismiss_recall_refund",
    "issue_coupons",
    "issue_supplier_coupons",
    "resolve_settlement",
    "run_payouts",
    "end_payout_by_hand",
    "approve_settlement_draft",
    "place_purchase_order",
    "send_delivery",
    "send_delivery_for_supplier",
    "cancel_purchase_order",
    "cancel_purchase_order_for_partner",
    "approve_purchase_order",
    "cut_purchase_order_lines",
    "accept_substitute",
    "enter_receipt",
    "enter_receipt_for_partner",
    "enter_return",
    "enter_return_for_partner",
    "consent_to_return",
    "confirm_statement",
    "confirm_statement_for_partner",
    "decide_statement_dispute",
    "invoice_partner_statement",
    "match_partner_payment",
}
_TAKES_A_KEY = {"propose_adjustment", "enter_household_payments", "reverse_household_payment"}
"""What only proposes, and may be sent with a key so that a retry proposes nothing twice."""
_MOVES_NEITHER = {
    "declare_sale",
    "withdraw_declared_sale",
    "register_household",
    "find_household",
    "end_household",
    "change_household",
    "import_household_payments",
    "import_own_household_payments",
    "propose_household_payments",
    "propose_household_linkage",
    "approve_linkage",
    "decline_linkage",
    "split_household",
    "link_household",
    "declare_supplier_figure",
    "approve_household_payments",
    "decline_household_payments",
    "add_certification",
    "take_certification_step",
    # A partner has one statement of a month, which is sent once; what is disputed moves money when it is decided.
    "draft_partner_statement",
    "send_partner_statement",
    "dispute_statement",
    "dispute_statement_for_partner",
    "compare_statement",
    "close_period",
    "submit_statement",
    "approve_proposal",
    "decline_proposal",
    "enter_measure_progress",
    "approve_progress",
    "decline_progress",
    "issue_token",
    "register_buyer",
    "request_code",
    "change_password",
    "reset_password",
    "request_phone_change",
    "save_address",
    "upload_roster",
    "found_organisation",
    "invite_member",
    "accept_invitation",
    "invite_supplier_member",
    "accept_supplier_invitation",
    "verify_organisation",
    "suspend_organisation",
    "create_supplier_api_key",
    "create_partner_api_key",
    "create_own_product",
    "submit_product",
    "publish_product",
    "reject_product",
    "withdraw_product",
    "quote_order",
    "open_cart",
    "claim_cart",
    "post_review",
    "find_review_useful",
    "answer_review",
    "hide_review",
    "create_budget",
    "stop_budget",
    "create_promotion",
    "stop_promotion",
    "create_supplier_promotion",
    "stop_supplier_promotion",
    "admit_supplier",
    "open_supplier_application",
    "submit_own_application",
    "add_own_certificate",
    "recommend_supplier",
    "decline_supplier",
    "reject_supplier",
    "verify_certificate",
    "reject_certificate",
    "revoke_certificate",
    "approve_supplier",
    "suspend_supplier",
    # Days that are announced twice are refused.
    "announce_closure",
    "announce_blackout",
    # A code, a number, a place or a price exists once; what is signed or ended twice is refused.
    "enrol_partner",
    "suspend_partner",
    "resume_partner",
    "add_partner_location",
    "draft_contract",
    "sign_contract",
    "end_contract",
    "add_contract_prices",
    # Room at a dock; an order has one appointment, a dock a slot and a day once.
    "book_appointment",
    "release_appointment",
    "note_arrival",
    "open_dock",
    "close_dock",
    "reopen_dock",
    "open_dock_of_partner",
    "close_dock_of_partner",
    "upload_contract_prices",
    "withdraw_contract_price",
    "set_goal",
    "create_plan",
    "open_presale",
    "add_plan_aspect",
    "add_plan_measure",
    # An invoice says what was paid and moves nothing; a supplier order has one at most.
    "request_invoices",
    "reissue_invoice",
    "redraw_invoice",
    "upload_file",
    "upload_supplier_file",
    "upload_partner_file",
    "upload_office_file",
    "upload_operator_file",
    # By the contract: harmless to repeat, because what they report can happen once only.
    "report_delivery",
    "pay_in_sandbox",
    "receive_notification",
    # A message that comes twice is known by its id.
    *(
        f"{verb}_{who}_webhook{rest}"
        for who in ("supplier", "partner", "operator")
        for verb, rest in (("create", ""), ("rotate", "_secret"), ("ping", ""), ("redeliver", "_message"))
    ),
    "receive_tracking",
    # It moves stock when it is applied; applied at once, a file is known by its digest.
    "upload_inventory_sheet",
    # Asked for again while it waits, it is the same export.
    "start_export",
    # A line of a bank statement is known by its serial.
    "upload_bank_statement",
    # A parcel is known by its order, carrier and number.
    "upload_shipping_sheet",
    # A claim's own table lets each of these happen once.
    "withdraw_claim",
    "send_goods_back",
    "contest_claim",
    # So does a statement's; a month is settled once, and a rule is known by its day.
    "issue_settlements",
    "confirm_settlement",
    "dispute_settlement",
    "announce_commission_rule",
    # Where money goes later, which somebody verifies first.
    "enter_payout_account",
    "verify_payout_account",
    "receive_payout_notification",
    "decline_settlement_draft",
    # An order in a sheet is known by the sheet's digest and its own number.
    "import_purchase_orders",
    # What was in doubt holds nothing; an offer is known by its id and answered once.
    "reject_purchase_order",
    "offer_substitute",
    "decline_substitute",
    # A bill is known by its hash; comparing, explaining and closing move nothing, and a day is closed once.
    "upload_provider_bill",
    "compare_reconciliation_day",
    "close_reconciliation_day",
    "explain_reconciliation_difference",
}
ROUTES = [route for module in main._MODULES for route in module.router.routes if isinstance(route, APIRoute)]
METHODS = ("get", "post", "put", "patch", "delete")


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def _guards_of(route: APIRoute) -> list[str]:
    calls = list(_calls(route.dependant))
    return [name for name, guard in _GUARDS.items() if any(call is guard for call in calls)]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id or route.path)
def test_a_route_says_who_may_call_it(route: APIRoute):
    guards = _guards_of(route)
    assert len(guards) == 1, f"{route.path} is guarded by {guards}"
    (allowed,) = [names for prefix, names in _AUDIENCES.items() if route.path.startswith(prefix + "/")]
    assert set(guards) <= allowed


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id or route.path)
def test_a_guard_comes_before_a_key(route: APIRoute):
    """An idempotency key belongs to a caller, so the caller must be known first."""
    names = [inner.call for inner in route.dependant.dependencies]
    once = [at for at, call in enumerate(names) if getattr(call, "__name__", "") == "_once"]
    guards = [at for at, call in enumerate(names) if any(call is guard for guard in _GUARDS.values())]
    assert not once or guards[0] < once[0]


def test_nothing_but_health_pages_and_the_document_is_unguarded():
    apart = {route.path for route in health.routes} | {"/docs", "/openapi.json"}
    assert apart == {"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"}


_MAY_SEE = (
    pages.Visitor,
    pages.SignedIn,
    pages.Customer,
    pages.Seller,
    pages.Purchaser,
    pages.Official,
    pages.Registrar,
    identity.Public,
)
_PAGE_GUARDS = [get_args(guard)[1].dependency for guard in _MAY_SEE]
_FORM = get_args(pages.Posted)[1].dependency


@pytest.mark.parametrize("route", pages.router.routes, ids=lambda route: f"{next(iter(route.methods))} {route.path}")
def test_a_page_says_who_may_see_it_and_takes_only_forms_of_ours(route: APIRoute):
    calls = [inner.call for inner in route.dependant.dependencies]
    assert len([call for call in calls if call in _PAGE_GUARDS]) == 1
    assert route.methods in ({"GET"}, {"POST"})
    assert (_FORM in calls) == (route.methods == {"POST"})


def test_operation_ids_read_well_in_a_generated_client(document):
    ids = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(ids) == len(set(ids)) == len(ROUTES) + len(health.routes)
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)] == []


def test_every_operation_is_explained(document):
    known = {tag["name"] for tag in document["tags"]}
    used = set()
    for method, path, operation in _operations(document):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        assert len(operation["tags"]) == 1, where
        used.add(operation["tags"][0])
    assert used == known


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id or route.path)
def test_a_use_case_is_explained_where_it_is_written(route: APIRoute):
    assert inspect.getdoc(route.endpoint)


def test_every_operation_declares_its_problems(document):
    for method, path, operation in _operations(document):
        where = f"{method} {path}"
        declared = {int(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
        if path in ("/healthz", "/metrics"):
            continue
        if path == "/readyz":
            assert set(declared) == {503}
            continue
        assert {422, 429, 503} <= set(declared), where
        if operation.get("security"):
            assert {401, 403} <= set(declared), where
        if "{" in path and method in ("get", "patch", "delete"):
            ends_in_a_list = path.endswith(("/refunds",))
            assert ends_in_a_list or 404 in declared, where
        for status, answer in declared.items():
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, where
            assert content["examples"], where
            for code, example in content["examples"].items():
                assert example["value"]["code"] == code, where
                assert example["value"]["status"] == status, where


def test_every_operation_of_a_role_shows_how_to_sign_in(document):
    by_id = {route.operation_id: _guards_of(route)[0] for route in ROUTES}
    for method, path, operation in _operations(document):
        guard = by_id.get(operation["operationId"])
        if guard is None:
            continue
        open_to_all = guard in ("Public", "Visitor", "SignedByProvider", "SignedByCarrier")
        assert bool(operation.get("security")) is not open_to_all, f"{method} {path}"


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return _resolved(document, choice)
    return schema


def test_every_body_has_an_example(document):
    without = []
    for method, path, operation in _operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = _resolved(document, content["schema"])
            named = {"example", "examples"} & (content.keys() | schema.keys())
            shown = [
                field for field in schema.get("properties", {}).values() if "example" in field or "examples" in field
            ]
            if not named and not shown:
                without.append(f"{method} {path}")
    assert without == []


def test_every_body_refuses_unknown_fields(document):
    lax = []
    for method, path, operation in _operations(document):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if media_type != "application/json" or operation["operationId"] in (
                "receive_notification",
                "receive_payout_notification",
            ):
                continue  # a form follows OAuth2, and a provider may add fields to its own notifications
            if _resolved(document, content["schema"]).get("additionalProperties") is not False:
                lax.append(f"{method} {path}")
    assert lax == []


def test_every_post_that_moves_stock_or_money_needs_a_key(document):
    with_key, without = set(), set()
    for method, path, operation in _operations(document):
        headers = {item["name"]: item for item in operation.get("parameters", []) if item["in"] == "header"}
        if "Idempotency-Key" in headers:
            assert method == "post", path
            assert headers["Idempotency-Key"]["required"] is (operation["operationId"] not in _TAKES_A_KEY), path
            assert {"400", "409", "422"} <= operation["responses"].keys(), path
            with_key.add(operation["operationId"])
        elif method == "post":
            without.add(operation["operationId"])
    assert with_key == _MOVES_STOCK_OR_MONEY | _TAKES_A_KEY
    assert without == _MOVES_NEITHER


def test_every_list_is_paged(document):
    """``limit`` from 1 to 100, ``cursor``, and an answer with ``items`` and ``next_cursor``."""
    paged = []
    for _, path, operation in _operations(document):
        parameters = {item["name"]: item for item in operation.get("parameters", [])}
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        shape = _resolved(document, answer).get("properties", {})
        assert ("next_cursor" in shape) == ("cursor" in parameters), path
        if "cursor" in parameters:
            paged.append(operation["operationId"])
            assert "items" in shape, path
            limit = parameters["limit"]["schema"]
            assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 24), path
    assert len(paged) >= 9


def test_every_route_that_takes_keys_has_a_scope_or_is_closed_to_limited_ones():
    closed = {
        path
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
        if any("api_key" in way for way in operation.get("security", [])) and scope_for(method.upper(), path) is None
    }
    people = ("api-keys", "members", "agents", "invitations", "household-payments", "household-linkages")
    of_people = tuple(f"/v1/{audience}/{what}" for audience in ("supplier", "partner") for what in people)
    assert {path for path in closed if not path.startswith(("/v1/auth/", *of_people))} == set()
    assert closed
