"""What every API has in common, on two floors (ADR 11).

Below, the codec, which knows no API function: scalars, parsing of JSON and forms that names every wrong field, exact
rendering. Above it, the words of API functions: Call, Body, Query, Reply, lists, files.
"""
