FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt servers.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r servers.txt
COPY . .
USER 65534:65534
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket", \
     "--workers", "2", "--threads", "4"]
