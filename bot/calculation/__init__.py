"""Calculations as people write them: exact where numbers can be, bounded everywhere, and never run as code."""
