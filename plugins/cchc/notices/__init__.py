"""Notices: what goes wrong is found in the warehouse, remembered, and told to those whom include/reference/alerts.yaml names."""
