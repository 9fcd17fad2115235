FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534:65534
EXPOSE 8000
CMD ["gunicorn", "core.asgi", "--bind", "0.0.0.0:8000", "--no-control-socket", \
     "--worker-class", "asgi", "--graceful-timeout", "8"]
