"""Settings for a container; WEB_CONCURRENCY sets the number of workers."""

bind = "0.0.0.0:8000"
threads = 2
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
accesslog = "-"
