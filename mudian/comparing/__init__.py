"""Comparing two runs: what changed in data, what in policy, which parcel goes on as which."""
