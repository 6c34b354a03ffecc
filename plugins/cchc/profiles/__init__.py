"""Judge profiles before anything is loaded by them: the file alone, and what it makes of a delivery. Nothing is stored."""
