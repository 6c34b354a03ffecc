"""The embedded default: PostgreSQL and Airflow run from the Python environment, with all state under `CCHC_HOME`."""
