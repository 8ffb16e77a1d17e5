"""Lets the files of this folder import each other, and keeps pytest from collecting those that are not tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
collect_ignore_glob = ["record*.py", "programs_*.py", "harness.py", "facts.py"]
