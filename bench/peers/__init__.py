"""Other programs, by the same measure. See README.md."""
