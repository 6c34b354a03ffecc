#!/bin/sh
# Print the secret in a file without the end of its line, for the options of Airflow that a command gives (AIRFLOW__…_CMD in
# docker-compose.yaml). Airflow asks when a process starts, and takes what is printed as it is. A file that is missing or empty is named.
value=$(cat "$1") || exit 1
if [ -z "$value" ]; then
    echo "$1 is empty: restore it from your copy (docs/runbooks/server.md, Secrets)" >&2
    exit 1
fi
printf %s "$value"
