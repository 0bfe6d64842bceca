# The service in an image with nothing in it but the program and the usual certificate authorities.
# docker build -t overlift . && docker run --read-only --tmpfs /tmp -v overlift:/data -p 8080:8080 \
#   -e OVERLIFT_WEBHOOK_SECRET -e GITHUB_TOKEN overlift

FROM rust:1.95-alpine AS build
# SQLite and ring are C.
RUN apk add --no-cache build-base ca-certificates
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY engine engine
COPY src src
COPY benches benches
RUN mkdir tests && echo '' > tests/main.rs \
    && cargo build --release --locked --bin overlift \
    && mkdir -p /root-of-image/data /root-of-image/etc/ssl/certs \
    && cp target/release/overlift /root-of-image/overlift \
    && cp /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/

FROM scratch
LABEL org.opencontainers.image.title="Overlift" \
      org.opencontainers.image.description="Promotes kustomize overlays from one environment to the next, as pull requests" \
      org.opencontainers.image.source="https://github.com/overlift/overlift" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build --chown=65532:65532 /root-of-image /
USER 65532:65532
WORKDIR /data
ENV OVERLIFT_LISTEN=0.0.0.0:8080 \
    OVERLIFT_DATABASE_URL=sqlite:///data/overlift.db?mode=rwc
VOLUME /data
EXPOSE 8080
# There is no shell to run another program with.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/overlift", "healthcheck"]
ENTRYPOINT ["/overlift"]
CMD ["serve"]
