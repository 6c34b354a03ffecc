"""The way of records from a source system to the landing: profiles, connections, HTTP, delivered files. It does not use the database."""
