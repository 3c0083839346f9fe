"""Documents: a bill as a file for people."""
