"""The tiny project of the folder above, also where these tests are run alone."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
