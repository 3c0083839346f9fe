"""Quotations: from draft to an answer, and to the invoice that one is converted to."""
