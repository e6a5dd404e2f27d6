# The image of `manage.py up`, and of each process of docker-compose.yml: everything is fetched, bundled and compiled
# here, nothing at run time. It writes to /data and /tmp only.
FROM python:3.11-slim
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1 \
    UV_NO_DEV=1 \
    UV_PYTHON_DOWNLOADS=never \
    RECONCILERVIZ_MODE=production \
    RECONCILERVIZ_DATA=/data
RUN pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock ./
RUN uv sync --locked
COPY . .
# Any user may write to /data: whoever runs this may have to be the one who owns a kubeconfig.
RUN RECONCILERVIZ_MODE=development npm_config_cache=/tmp/npm python manage.py vendor \
    && rm -rf /tmp/npm \
    && python -m compileall -q dashboard reconcilerviz manage.py \
    && useradd --system --uid 10001 viz \
    && install -d -m 1777 /data
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "manage.py", "up", "--host", "0.0.0.0", "--port", "8000"]
