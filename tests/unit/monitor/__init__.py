"""Tests of `tui.monitor`."""
