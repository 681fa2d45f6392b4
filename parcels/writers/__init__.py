"""Writers: layers for today's programs and for the old ones of the offices."""
