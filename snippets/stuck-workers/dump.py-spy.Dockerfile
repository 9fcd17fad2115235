FROM python:3.14-slim
RUN pip install --no-cache-dir py-spy==0.4.3
ENTRYPOINT ["py-spy"]
