"""What every kind of bill shares: how one is asked for, gathered, stored and shown (ADR 11)."""
