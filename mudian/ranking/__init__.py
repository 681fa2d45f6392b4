"""Ranking of development zones: figures and ranks, movement, rewards, and statements checked against the table."""
