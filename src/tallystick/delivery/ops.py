"""The verbs of delivery."""

from typing import NoReturn

from tallystick.core.account import Account
from tallystick.core.errors import EmailNotConfigured
from tallystick.invoices import store as invoice_store
from tallystick.quotations import store as quotation_store
from tallystick.store.db import Tx

NO_SMTP = "This server has no SMTP settings, so it cannot send e-mail. Nothing was changed."


def send_invoice(tx: Tx, account: Account, invoice_id: int) -> NoReturn:
    """Sends an invoice by e-mail. There is no way yet to set up SMTP, so this raises EmailNotConfigured."""
    invoice_store.check_known(tx, account, invoice_id)
    raise EmailNotConfigured(NO_SMTP)


def send_quotation(tx: Tx, account: Account, quotation_id: int) -> NoReturn:
    """Sends a quotation by e-mail. There is no way yet to set up SMTP, so this raises EmailNotConfigured."""
    quotation_store.check_known(tx, account, quotation_id)
    raise EmailNotConfigured(NO_SMTP)
