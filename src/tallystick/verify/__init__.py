"""Verify: everything that is stored, worked out again from what it follows from (ADR 24)."""
