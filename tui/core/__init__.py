"""Pure values that every layer shares: messages, parameters, events, errors, units. Standard library only."""
