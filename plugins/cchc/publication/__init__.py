"""Publication: what was known at a moment, what is ready, frozen editions, restatements."""
