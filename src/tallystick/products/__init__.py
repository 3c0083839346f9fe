"""Products: what an account sells."""
