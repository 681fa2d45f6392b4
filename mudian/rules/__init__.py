"""Rules: three-valued verdicts on parcels, enterprises, zones and projects, from what the policy packs say."""
