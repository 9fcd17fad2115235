# A virtual environment copied into a second slim stage, as in many tutorials.
FROM python:3.14-slim AS build
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.14-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
RUN useradd --system app
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY . .
RUN SECRET_KEY=not-kept-in-the-image python manage.py collectstatic --noinput
USER app
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
