# syntax=docker/dockerfile:1
# One image, three processes under Hotspan's own supervisor. Data in /data.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN node --input-type=module -e 'await (await import("./scripts/prepare.mjs")).prepare()' \
  && npm prune --omit=dev

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Hotspan" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    HOTSPAN_DATA=/data
WORKDIR /srv/hotspan
# The processes keep their packages outside their bundles, the embedded engine's library (0.5 GB) among them.
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/.next/standalone ./.next/standalone
COPY --from=build /src/dist ./dist
COPY --from=build /src/prisma/migrations ./prisma/migrations
COPY --from=build /src/examples/go-shop/recording ./examples/go-shop/recording
RUN install --directory --owner=1000 --group=1000 /data
USER 1000:1000
VOLUME /data
EXPOSE 3000 4317 4318
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/api/v1/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/supervisor.mjs"]
