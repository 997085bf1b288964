"""Tests that need no terminal."""
