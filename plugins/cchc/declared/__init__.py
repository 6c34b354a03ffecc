"""Declared figures: the blank workbook of a unit, and the reading of filled-in workbooks (docs/guides/declared_figures.md)."""
