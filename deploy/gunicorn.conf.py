# ruff: noqa: N999 - gunicorn looks for this name
"""Settings of gunicorn that are the same for every service, wherever it runs."""

worker_class = "gthread"
threads = 8

# A POS server polls every 5 s; gunicorn's 2 s would make each poll a new connection.
keepalive = 15

# A stop answers what has begun, then ends.
graceful_timeout = 8
timeout = 30

# The control socket is on by default, and several gunicorns of one user fight over it (T65).
control_socket_disable = True

# Requests are logged by the services themselves.
accesslog = None

# Long lines and many headers are refused before a service sees them (T48).
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# The workers' heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes a file of its own there and unlinks it at once
