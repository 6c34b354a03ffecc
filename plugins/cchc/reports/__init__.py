"""The reports of the district: workbooks, documents and web pages. Their layouts are data in include/reports.

`content` reads the warehouse once into plain rows, `layout` reads the templates, and each writer (`workbook`, `document`, `page`, `charts`)
turns both into bytes without looking at anything else: the same rows and templates give the same bytes.
"""
