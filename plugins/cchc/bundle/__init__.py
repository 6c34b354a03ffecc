"""Bundles: each edition as two zips that prove themselves, an open one and one for auditors (docs/guides/bundles.md)."""
