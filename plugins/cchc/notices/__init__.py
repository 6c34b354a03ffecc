"""Notices: what goes wrong is found in the warehouse, remembered, and told to those whom the authority's alerts.yaml names."""
