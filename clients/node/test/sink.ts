/** What stands where Hotspan would: takes every push, or behaves badly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Pushed {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export interface Sink {
  readonly url: string;
  readonly port: number;
  readonly pushed: readonly Pushed[];
  /** Resolves as soon as what was pushed satisfies it. */
  readonly until: (wanted: (pushed: readonly Pushed[]) => boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
}

type Answer = (push: Pushed, request: IncomingMessage, response: ServerResponse) => void;

export async function startSink(
  answer: Answer = (_push, _request, response) => response.end(),
  port = 0,
): Promise<Sink> {
  const pushed: Pushed[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://sink");
    const push = { path: url.pathname, query: url.searchParams, body: await buffer(request) };
    pushed.push(push);
    answer(push, request, response);
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}`,
    port: own,
    pushed,
    until: (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          if (!wanted(pushed)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
