"""The dashboard: pages that are written on the server, read from the warehouse by a role that can only read.

`app.create_app` gives a FastAPI application that knows nothing of Airflow. `cchc.airflow.dashboard` puts it behind Airflow's login. A page
is a module: what it reads, and how its tables look. What all pages share: `view` (period, basis, scope and moment that the reader chose),
`person` (who reads, and what that person may see), `table` (tables that sort, filter, page and leave as XLSX or CSV), `render` (templates
and words).
"""
