"""A self-hosted billing server: exact money, gapless numbers, five public APIs over one engine."""

__version__ = "0.1.0"
