"""Run in a container: the number of workers comes from WEB_CONCURRENCY."""

bind = "0.0.0.0:8000"
threads = 2
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
accesslog = "-"
