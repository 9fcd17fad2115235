# Debian's Python, unpacked where the official image has its own: under /usr/local, and nowhere
# else, with pip and headers, and without bytecode. What Debian changed is undone: packages go to
# site-packages (a name of the same length, so that the copy frozen in the program can be edited).
FROM debian
ARG PYTHON
RUN apt-get update \
 && apt-get install -y netbase tzdata media-types libbz2-1.0 libdb5.3t64 libexpat1 libffi8 \
      liblzma5 libncursesw6 libreadline8t64 libsqlite3-0 libssl3t64 libuuid1 libzstd1 zlib1g \
 && cd "$(mktemp -d)" \
 && apt-get download python$PYTHON python$PYTHON-minimal python$PYTHON-venv python3-pip-whl \
      libpython$PYTHON-minimal libpython$PYTHON-stdlib libpython$PYTHON-dev \
 && for package in *.deb; do dpkg-deb --extract "$package" .; done \
 && mv usr/bin/python$PYTHON usr/bin/pydoc$PYTHON /usr/local/bin \
 && mv usr/include/python$PYTHON /usr/local/include \
 && mv usr/include/*-linux-gnu/python$PYTHON/pyconfig.h /usr/local/include/python$PYTHON \
 && mv usr/lib/python$PYTHON /usr/local/lib \
 && mkdir /usr/local/lib/python$PYTHON/ensurepip/_bundled \
 && mv usr/share/python-wheels/pip-*.whl /usr/local/lib/python$PYTHON/ensurepip/_bundled \
 && rm -r "$PWD" /var/lib/apt/lists/* \
 && cd /usr/local/lib/python$PYTHON \
 && rm -r EXTERNALLY-MANAGED _distutils_system_mod.py sitecustomize.py config-$PYTHON-* test \
 && sed -i "/^    _ensurepip_is_disabled_in_debian/d" ensurepip/__init__.py \
 && sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" sysconfig/__init__.py \
 && LC_ALL=C sed -i 's/dist-packages/site-packages/' site.py /usr/local/bin/python$PYTHON \
 && sed -i "s,/usr/share/python-wheels/',$PWD/ensurepip/_bundled'," _sysconfigdata_* \
 && sed -Ei "s#/usr(['\"]|/bin/python|/bin['\"]|/include|/lib/python3)#/usr/local\1#g" \
      _sysconfig* build-details* \
 && cd /usr/local/bin \
 && ln -s python$PYTHON python3 && ln -s python3 python \
 && ln -s pydoc$PYTHON pydoc3 && ln -s pydoc3 pydoc \
 && sed -i '1s,/usr/bin/,/usr/local/bin/,' pydoc$PYTHON \
 && python -m ensurepip \
 && ln -s pip3 pip \
 && find / -xdev \( -name '*.pyc' -o -name '*.pyo' \) -delete
ARG VERSION
ENV PATH=/usr/local/bin:$PATH PYTHON_VERSION=$VERSION
CMD ["python3"]
