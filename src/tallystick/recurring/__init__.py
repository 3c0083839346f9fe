"""Recurring billing: schedules, and the runs that bill each of their periods exactly once."""
