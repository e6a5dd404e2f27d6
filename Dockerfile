# The image of `manage.py up`: everything is fetched and bundled here, nothing at run time.
FROM python:3.11-slim
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_NO_DEV=1 RECONCILERVIZ_MODE=production PATH=/app/.venv/bin:$PATH
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock ./
RUN uv sync --locked
COPY . .
RUN RECONCILERVIZ_MODE=development python manage.py vendor && useradd --system --uid 10001 viz && install -d -o viz /data
USER 10001
EXPOSE 8000
CMD ["python", "manage.py", "up", "--host", "0.0.0.0", "--port", "8000"]
