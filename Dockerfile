# One image for web, worker and beat. Built in two steps so that no build tool stays in it. The target `demo` has the emulator
# of Google Cloud besides and is for trying; production is the last target, which is what `docker build .` makes.
FROM python:3.13-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --target /uv "uv>=0.13,<0.14" \
    && PYTHONPATH=/uv python -m uv venv /venv \
    && PYTHONPATH=/uv python -m uv pip sync --compile-bytecode --require-hashes requirements.txt --python /venv/bin/python
COPY . .
RUN rm -rf emulator \
    && COUNTERSIGN_ENV=production ALLOWED_HOSTS=localhost \
    SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_hex(32))')" \
    KMS_KEY_RING=none DATABASE_URL=postgresql://none/none BROKER_URL=redis://none EMAIL_HOST=none VAR_DIR=/tmp \
    STATIC_ROOT=/app/static-collected /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q /app

FROM python:3.13-slim AS portal
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 GRPC_VERBOSITY=ERROR VAR_DIR=/var/lib/countersign \
    STATIC_ROOT=/app/static-collected
RUN useradd --system --uid 10001 --home-dir /var/lib/countersign --create-home countersign
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001
EXPOSE 8000
# Of the web process; workers and beat give signs of life instead, and switch this off where they are started.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "portal.web_worker.WebWorker", "--threads", "8", \
    "--workers", "2", "--max-requests", "2000", "--max-requests-jitter", "500", "--logger-class", "portal.gunicorn_log.PortalLogger"]

FROM build AS build-demo
COPY requirements-demo.txt ./
COPY emulator emulator
RUN PYTHONPATH=/uv python -m uv pip sync --compile-bytecode --require-hashes requirements-demo.txt --python /venv/bin/python

FROM portal AS demo
COPY --from=build-demo /venv /venv
COPY --from=build-demo /app/emulator /app/emulator

FROM portal AS production
