"""Use cases that every front end shares: the model host, the chat session, the completion."""
