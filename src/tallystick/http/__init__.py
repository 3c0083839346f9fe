"""The HTTP surface: routes, auth, errors, the API's description."""
