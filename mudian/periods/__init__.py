"""Several periods in one project: reading them, the growth from one to another, grades in a row."""
