# Build: docker build -t cartography .
#        The default wheels of torch contain CUDA and are large. For another build of it, name
#        PyTorch's own index of wheels for your device: --build-arg TORCH_INDEX=https://…
# Run:   docker run -p 8501:8501 -v cartography-cache:/cache cartography
# GPU:   docker run --gpus all …

FROM python:3.11-slim AS build
ARG TORCH_INDEX=
WORKDIR /source
RUN python -m venv /env
COPY . .
# A build of the pinned torch that names its device (2.13.0+cpu) ranks above one that does not.
RUN /env/bin/pip wheel --no-deps --wheel-dir /wheels . \
    && /env/bin/pip install --no-cache-dir --constraint constraints.txt \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
        "$(echo /wheels/*.whl)[hub]"

FROM python:3.11-slim
RUN useradd --create-home cartography \
    && mkdir /cache \
    && chown cartography /cache
COPY --from=build /env /env
ENV CARTOGRAPHY_CACHE=/cache
USER cartography
WORKDIR /home/cartography
VOLUME /cache
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD ["/env/bin/python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
CMD ["/env/bin/cartography", "app", "--host", "0.0.0.0", "--headless"]
