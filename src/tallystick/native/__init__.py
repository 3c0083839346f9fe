"""The native API: the first of the surfaces."""
