"""Setups that several pages share."""
