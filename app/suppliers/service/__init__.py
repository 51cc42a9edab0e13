"""What can be done about suppliers: take them on, look at their certificates, let them sell or not."""

from app.suppliers.service.admission import (
    admit,
    apply,
    edit_application,
    plant_townships,
    set_bank_account,
    submit,
)
from app.suppliers.service.certificates import add_certificate, decide_certificate, watch_certificates
from app.suppliers.service.closures import announce_closure, shorten_closure, withdraw_closure
from app.suppliers.service.standing import approve, look_at, recommend, reject, suspend
from app.suppliers.service.team import (
    accept_invitation,
    change_member,
    forget_invitations,
    invite,
    leave_agency,
    leave_supplier,
    remove_agent,
    remove_member,
    withdraw_invitation,
)

__all__ = [
    "accept_invitation",
    "add_certificate",
    "admit",
    "announce_closure",
    "apply",
    "approve",
    "change_member",
    "decide_certificate",
    "edit_application",
    "forget_invitations",
    "invite",
    "leave_agency",
    "leave_supplier",
    "look_at",
    "plant_townships",
    "recommend",
    "reject",
    "remove_agent",
    "remove_member",
    "set_bank_account",
    "shorten_closure",
    "submit",
    "suspend",
    "watch_certificates",
    "withdraw_closure",
    "withdraw_invitation",
]
