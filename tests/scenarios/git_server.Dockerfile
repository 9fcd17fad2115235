# A Git server over SSH with a package's repository, which anyone with the key can read.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-server \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /run/sshd \
 && useradd --create-home --shell /usr/bin/git-shell git \
 && install --directory --owner=git --mode=700 /home/git/.ssh \
 && ssh-keygen -q -t ed25519 -N "" -f /deploy_key \
 && install --owner=git --mode=600 /deploy_key.pub /home/git/.ssh/authorized_keys
USER git
WORKDIR /home/git/shop
COPY shop .
RUN git init --quiet \
 && git add . \
 && git -c user.name=Shop -c user.email=shop@example.com commit --quiet --message "Open" \
 && git tag v1.2
USER root
CMD ["/usr/sbin/sshd", "-D", "-e"]
