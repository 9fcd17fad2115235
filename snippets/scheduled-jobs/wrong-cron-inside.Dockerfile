FROM python:3.14-slim
RUN apt-get update && apt-get install -y --no-install-recommends cron
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN echo '15 3 * * * root cd /app && python manage.py clearsessions' > /etc/cron.d/shop
CMD ["cron", "-f"]
