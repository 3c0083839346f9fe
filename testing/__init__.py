"""What the tests and the measurements share: a real PostgreSQL, a real server, and a client of its API."""
