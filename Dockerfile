# Build: docker build -t cartography .
#        The default wheels of torch hold CUDA and are large. For another build of it, name
#        PyTorch's own index of wheels for your device: --build-arg TORCH_INDEX=https://…
# Run:   docker run -p 8501:8501 -v cartography-cache:/app/cache cartography
# GPU:   docker run --gpus all …

FROM python:3.11-slim AS build
ARG TORCH_INDEX=
WORKDIR /app
RUN python -m venv .venv
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY cartography cartography
# A build of the pinned torch that names its device (2.13.0+cpu) ranks above one that does not.
RUN .venv/bin/pip install --no-cache-dir --constraint constraints.txt \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --editable ".[dashboard]"

FROM python:3.11-slim
WORKDIR /app
RUN useradd --create-home cartography \
    && mkdir cache \
    && chown cartography cache
COPY --from=build /app /app
COPY .streamlit .streamlit
COPY ui ui
COPY pages pages
COPY app.py ./
ENV CARTOGRAPHY_CACHE=/app/cache
USER cartography
VOLUME /app/cache
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD [".venv/bin/python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
CMD [".venv/bin/streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501", "--server.headless", "true"]
