"""Pure rules: standard library only, no clock, no environment, no SQL, no float."""
