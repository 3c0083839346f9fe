"""Invoices: from draft to issued and voided."""
