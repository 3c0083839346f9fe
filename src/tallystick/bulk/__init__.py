"""Bulk work: one verb on many invoices."""
