"""How records come from a source system to landing: profiles, connections, HTTP, delivered files. Knows nothing of the database."""
