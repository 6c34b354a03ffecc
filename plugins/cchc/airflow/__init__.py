"""All that touches Airflow: its settings, connections, pools and processes, and the messages of its runs."""
