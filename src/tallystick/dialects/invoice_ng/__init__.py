"""The API of invoice.ng, as its document describes it: see the README beside this."""
