"""Parts of the generator of the bundled example: land, register, firms, layers, faults, files."""
