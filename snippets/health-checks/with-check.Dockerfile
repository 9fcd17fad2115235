FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534:65534
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket", \
     "--threads", "2"]
HEALTHCHECK --interval=10s --timeout=3s --retries=3 \
    --start-period=30s --start-interval=1s \
    CMD ["python", "healthcheck.py"]
