"""Credit notes: what corrects an issued invoice."""
