"""What statistics are kept of."""

from enum import StrEnum


class FigureKind(StrEnum):
    """What is counted and added up."""

    INVOICE = "invoice"
    """Those outside the trash, by their state."""
    PAYMENT = "payment"
    """Money that came in and was not taken back, by any method but the customer's credit."""
    CREDIT_NOTE = "credit_note"
