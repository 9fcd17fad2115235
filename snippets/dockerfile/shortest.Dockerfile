FROM python:3.14-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN SECRET_KEY=not-kept-in-the-image python manage.py collectstatic --noinput
USER 65534:65534
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
