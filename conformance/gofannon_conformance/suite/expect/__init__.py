"""Checks that several groups share: expected answers, unspoilt arguments, blame."""
