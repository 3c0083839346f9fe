"""Measurements of speed, each beside its limit measured in the same run. See README.md."""
