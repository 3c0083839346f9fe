"""Delivery: how a bill reaches its customer."""
