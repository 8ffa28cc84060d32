"""What a feed may say, and errors that name the line."""
