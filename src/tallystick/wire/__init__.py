"""What every surface's JSON has in common: scalars, parsing that names every wrong field, exact rendering."""
