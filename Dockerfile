# One image for all of Airflow's services, for `cchc` and for the demo's source systems, with exactly the packages of requirements.lock.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv
COPY requirements.lock /opt/cchc/requirements.lock
RUN /opt/venv/bin/python -m pip install --require-hashes --no-deps -r /opt/cchc/requirements.lock
# Editable: the environment refers to /opt/cchc/plugins and holds none of our code, so a change of our code does not build it again.
COPY pyproject.toml /opt/cchc/
RUN mkdir -p /opt/cchc/plugins/cchc && touch /opt/cchc/README.md /opt/cchc/plugins/cchc/__init__.py \
    && /opt/venv/bin/python -m pip install --no-deps -e /opt/cchc

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:${PATH} PYTHONUNBUFFERED=1 LANG=C.UTF-8 GX_ANALYTICS_ENABLED=false
RUN groupadd --gid 10001 cchc \
    && useradd --uid 10001 --gid cchc --home-dir /var/lib/cchc --create-home --shell /usr/sbin/nologin cchc \
    && install -d -o cchc -g cchc -m 700 /var/lib/backups /var/lib/caddy
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/cchc
COPY pyproject.toml ./
COPY dags ./dags
COPY plugins ./plugins
COPY include ./include
COPY expectations ./expectations
COPY demo ./demo
# the words of the indicators, which `cchc explain` and the dashboard show
COPY docs/reference/text/indicators.md ./docs/reference/text/indicators.md
# Compile now, because the root file system is read-only at run time. Charts need a font with Vietnamese letters, which comes with
# matplotlib: the build fails if it is missing.
RUN python -m compileall -q plugins dags demo \
    && MPLCONFIGDIR=/tmp/matplotlib python -c "import matplotlib.font_manager as f; f.findfont('DejaVu Sans', fallback_to_default=False)" \
    && rm -r /tmp/matplotlib
USER 10001:10001
CMD ["cchc", "--help"]
