"""Payments: money received, and what it settles."""
