# The emulated carrier as an image. Another base needs Python 3.11 to 3.13 with venv: --build-arg BASE=…
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY constraints constraints
COPY config config
COPY nfemu nfemu
# Everything as wheels first, so that no build tool, not even pip, is in what the image keeps.
RUN pins=constraints/py$(python3 -c 'import sys; print("%d%d" % sys.version_info[:2])').txt \
 && python3 -m venv /build \
 && /build/bin/pip install --quiet --no-cache-dir -c "$pins" hatchling setuptools \
 && /build/bin/pip wheel --quiet --no-cache-dir --no-build-isolation -c "$pins" -w /wheels '.[postgresql]' \
 && python3 -m venv --without-pip /opt/nfemu \
 && /build/bin/pip --python /opt/nfemu/bin/python install --quiet --no-index --find-links /wheels 'nfemu[postgresql]'

FROM ${BASE}
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends ca-certificates curl libnftables1 tini >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --home-dir /var/lib/nfemu --shell /usr/sbin/nologin nfemu \
 && install -d -m 1777 /var/lib/nfemu
# python:…-slim comes without the standard library's bytecode, and whoever runs here cannot write it: each health check
# would compile what it imports.
RUN python3 -m compileall -q -x '/(test|tests|idlelib|lib2to3|turtledemo|site-packages|dist-packages)/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/nfemu /opt/nfemu
COPY config /etc/nfemu
COPY tools/container-entrypoint.sh /usr/local/bin/container-entrypoint
# NFEMU_LISTEN: inside the container it listens on every address, and what is reachable is what you publish.
ENV PATH=/opt/nfemu/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    NFEMU_CONFIG=/etc/nfemu \
    NFEMU_STATE=/var/lib/nfemu/state \
    NFEMU_LISTEN=0.0.0.0
VOLUME /var/lib/nfemu
EXPOSE 8600 8610 8611 8620 8621
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s CMD ["nfemu", "status"]
ENTRYPOINT ["container-entrypoint"]
CMD ["up", "--foreground", "--show-new-token"]
