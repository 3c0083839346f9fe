"""The only place that opens a database or commits."""
