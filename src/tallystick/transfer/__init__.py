"""Transfer: a whole account out of one database and into another (ADR 24)."""
