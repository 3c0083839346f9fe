"""iqraa's API, as its document has it; see README.md."""
