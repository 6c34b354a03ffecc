"""Declared figures: the blank workbook of a unit, and the intake of filled workbooks (docs/guides/declared_figures.md)."""
