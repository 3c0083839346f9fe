"""Statistics of an account's business: what its lists add up to."""
