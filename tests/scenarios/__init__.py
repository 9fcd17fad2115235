"""Set-ups that several pages share."""
