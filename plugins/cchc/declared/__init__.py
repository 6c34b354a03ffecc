"""Declared figures (contracts/secondary.md): who has to declare what, the blank template, the intake of filled ones, their values."""
