"""Taxes: the rates that an account charges."""
