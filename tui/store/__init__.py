"""Conversations that last: a SQLite file with every message as a tree, found again by any word in it."""
