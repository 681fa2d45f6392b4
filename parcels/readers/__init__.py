"""Readers: recognise any delivery by its bytes and hand on its layers as they stand."""
