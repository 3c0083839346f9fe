"""The designs of documents that come along, by name; those of an account's own are rows, by id."""

DESIGNS = ("classic", "modern")
DEFAULT_DESIGN = "classic"
