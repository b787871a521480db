"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# No time is asserted: machines are noisy.  New examples are for the desk; CI judges by the same ones each time.
settings.register_profile("parley", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("parley")
