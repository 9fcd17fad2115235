FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534:65534
EXPOSE 8000
ENV PYTHONUNBUFFERED=1
ENV WEB_CONCURRENCY=2
CMD ["gunicorn", "core.wsgi"]
