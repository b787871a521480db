"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# No time is asserted: machines are noisy.
settings.register_profile("parley", deadline=None)
settings.load_profile("parley")
