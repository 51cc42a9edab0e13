"""The verbs of this module."""

from app.buyers.service.addresses import change_address, remove_address, save_address
from app.buyers.service.organisations import (
    accept_invitation,
    change_invoice_details,
    change_member,
    decide_organisation,
    forget_invitations,
    forget_person,
    found_organisation,
    invite,
    leave_organisations,
    remove_member,
    withdraw_invitation,
)

__all__ = [
    "accept_invitation",
    "change_address",
    "change_invoice_details",
    "change_member",
    "decide_organisation",
    "forget_invitations",
    "forget_person",
    "found_organisation",
    "invite",
    "leave_organisations",
    "remove_address",
    "remove_member",
    "save_address",
    "withdraw_invitation",
]
