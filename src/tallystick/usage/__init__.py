"""Usage: events as they come in, the meters that measure them, the rates that price them, and what they come to."""
