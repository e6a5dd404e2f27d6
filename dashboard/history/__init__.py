"""What is kept of the past: episodes and edits in a database, written beside the data path, never in it."""
