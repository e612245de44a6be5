# docker build -t pinscope .
# docker run --rm --network none --read-only --cap-drop ALL -v "$PWD:/work:ro" pinscope scan app.apk --format markdown
FROM python:3.12-slim AS build
COPY pyproject.toml constraints.txt README.md LICENSE /source/
COPY analyzer /source/analyzer
COPY rules /source/rules
RUN python -m venv /opt/pinscope \
    && /opt/pinscope/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --constraint /source/constraints.txt /source \
    && /opt/pinscope/bin/pinscope --version

FROM python:3.12-slim
COPY --from=build /opt/pinscope /opt/pinscope
ENV PATH=/opt/pinscope/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# Numeric, so that Kubernetes can tell that it is not root.
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["pinscope"]
CMD ["--help"]
