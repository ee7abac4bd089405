import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES = new Map([
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".css", "text/css"],
  [".woff2", "font/woff2"],
  [".wasm", "application/wasm"],
  [".png", "image/png"],
]);

/** Serves a folder on loopback with lasting caching, and what is in `extra` (by path) before it. */
export async function serveFolder(
  folder: string,
  extra: ReadonlyMap<string, Buffer>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? "/", "http://localhost").pathname;
    const path = asked === "/" ? "/index.html" : asked;
    try {
      const body = extra.get(path) ?? readFileSync(join(folder, path));
      response.writeHead(200, {
        "content-type": TYPES.get(extname(path)) ?? "application/octet-stream",
        "cache-control": extra.has(path) ? "no-store" : "max-age=3600",
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
