"""Conversations as files: written for people and for programs, and read from those of other programs."""
