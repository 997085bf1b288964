"""Tests of `tui.catalogue`."""
