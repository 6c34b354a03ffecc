"""Reference data: units, calendar, catalogue, plans, duties, roles; read from files, loaded with their changes."""
