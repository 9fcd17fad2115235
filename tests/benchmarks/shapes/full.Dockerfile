# The full image in one stage: ocp-software-handbook.readthedocs.io/en/latest/docker/django.html
FROM python:3.14
RUN apt-get update \
 && apt-get install -y --no-install-recommends gettext \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --user-group --no-log-init runner
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/requirements.txt
WORKDIR /workdir
USER runner:runner
COPY --chown=runner:runner . .
RUN SECRET_KEY=not-kept-in-the-image python manage.py compilemessages
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
