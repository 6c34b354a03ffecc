"""What the district hands in and hangs out: workbook, document, page. Layouts are data in include/reports (design.md §2).

`content` reads the warehouse once into plain rows, `layout` reads the templates, and each writer (`workbook`, `document`, `page`, `charts`)
turns both into bytes without looking at anything else: the same rows and templates give the same bytes.
"""
