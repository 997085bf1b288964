"""Stores as each version of the program left them."""
