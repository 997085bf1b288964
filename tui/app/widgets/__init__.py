"""What the screens are made of: each widget draws one thing and says what the person did with it."""
