# A browser, Node.js for the driver that controls it, and the site that is copied into /site.
# The driver runs here because its own Node.js needs libraries that a slim system does not have.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      chromium-headless-shell fonts-dejavu-core nodejs \
 && rm -rf /var/lib/apt/lists/*
ENV PYTHONUNBUFFERED=1
WORKDIR /site
CMD python -m http.server --bind 127.0.0.1 8000 & \
    exec chromium-headless-shell --no-sandbox --remote-debugging-port=9222
