"""The reports of the district: workbooks, documents and web pages. Their layouts are data in include/reports.

`content` reads the warehouse once into plain rows. `layout` reads the files of a layout, `tables` makes the rows of the tables from both.
Each writer (`workbook`, `document`, `page`, `charts`) turns them into bytes and reads nothing else, so the same rows and the same layout
give the same bytes.
"""
