# A browser that the tests drive on port 9222, and the site that is copied into /site for it.
# The browser listens on 127.0.0.1 alone, whatever it is told: socat carries its port out.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      chromium-headless-shell fonts-dejavu-core socat \
 && rm -rf /var/lib/apt/lists/*
ENV PYTHONUNBUFFERED=1
WORKDIR /site
EXPOSE 9222
CMD python -m http.server --bind 127.0.0.1 8000 & \
    socat TCP-LISTEN:9222,fork,reuseaddr TCP:127.0.0.1:9223 & \
    exec chromium-headless-shell --no-sandbox --remote-debugging-port=9223
