"""``python -m mudian`` is the command ``mudian``."""

from mudian.cli import entry

if __name__ == "__main__":
    entry()
