/** The queue before a server that is away, slow, broken or full: a real one, on a real port. */
import { afterEach, describe, expect, test } from "vitest";
import { createPushQueue, type PushQueue } from "../src/push-queue";
import { parseRetryAfter, send } from "../src/send";
import { type Sink, startSink } from "./sink";

const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function sink(...args: Parameters<typeof startSink>): Promise<Sink> {
  const started = await startSink(...args);
  stops.push(started.stop);
  return started;
}

function queueOf(limits: { maxItems: number; maxBytes: number }) {
  const said: string[] = [];
  const queue: PushQueue = createPushQueue({
    what: "profiles",
    send,
    log: (line) => said.push(line),
    ...limits,
  });
  stops.push(queue.close);
  return { queue, said };
}

const push = (url: string, text: string) => ({ url: new URL(url), body: Buffer.from(text), headers: {} });
const bodies = ({ pushed }: Sink) => pushed.map(({ body }) => body.toString());

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const { port, stop } = await startSink();
  await stop();
  return port;
}

describe("while Hotspan is away", () => {
  test("the oldest go first, by number, each counted; what fits arrives in order", async () => {
    const port = await freePort();
    const { queue } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    for (const text of ["a", "b", "c", "d", "e"]) queue.add(push(`http://127.0.0.1:${port}`, text));
    await queue.flush(5_000);
    // "a" was on the wire when the queue was full, and stays.
    expect(queue.counts()).toEqual({ stored: 0, dropped: 2, refused: 0, queued: 3, queuedBytes: 3 });

    const back = await sink(undefined, port);
    await queue.flush(5_000);
    expect(bodies(back)).toEqual(["a", "d", "e"]);
    expect(queue.counts()).toEqual({ stored: 3, dropped: 2, refused: 0, queued: 0, queuedBytes: 0 });
  });

  test("and by bytes; one that fits nowhere is dropped alone", async () => {
    const port = await freePort();
    const { queue, said } = queueOf({ maxItems: 100, maxBytes: 10 });
    for (const text of ["1234", "5678", "90ab", "far too large a body"]) {
      queue.add(push(`http://127.0.0.1:${port}`, text));
    }
    await queue.flush(5_000);
    expect(queue.counts()).toMatchObject({ dropped: 2, queued: 2, queuedBytes: 8 });
    expect(said.filter((line) => line.includes("larger than what"))).toHaveLength(1);
  });

  test("it tries again by itself, also after a flush that had no time to", async () => {
    const port = await freePort();
    const { queue } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    queue.add(push(`http://127.0.0.1:${port}`, "kept"));
    await queue.flush(5_000);
    await queue.flush(0);
    const back = await sink(undefined, port);
    await back.until((pushed) => pushed.length === 1);
    expect(bodies(back)).toEqual(["kept"]);
  });
});

describe("what the answer says", () => {
  test("a connection cut after the body was read: sent again", async () => {
    let times = 0;
    const there = await sink((_push, request, response) => {
      if (times++ === 0) request.socket.destroy();
      else response.end();
    });
    const { queue } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    queue.add(push(there.url, "cut"));
    await there.until((pushed) => pushed.length === 2);
    await queue.flush(5_000);
    expect(bodies(there)).toEqual(["cut", "cut"]);
    expect(queue.counts()).toMatchObject({ stored: 1, dropped: 0, refused: 0, queued: 0 });
  });

  test.each([429, 503])("%i with Retry-After: waited for as long", async (status) => {
    const times: number[] = [];
    const there = await sink((_push, _request, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(status, { "retry-after": "2" }).end();
      else response.end();
    });
    const { queue } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    queue.add(push(there.url, "later"));
    await there.until((pushed) => pushed.length === 2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_950);
  });

  test("400: never sent again, and said once with Hotspan's own words", async () => {
    const there = await sink((_push, _request, response) => response.writeHead(400).end("no pprof"));
    const { queue, said } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    queue.add(push(there.url, "bad"));
    await queue.flush(5_000);
    expect(queue.counts()).toMatchObject({ stored: 0, refused: 1, queued: 0 });
    expect(said).toEqual(["Hotspan refused profiles (status 400: no pprof)"]);
    expect(there.pushed).toHaveLength(1);
  });

  test("none: a flush ends at its deadline, and the push is kept", async () => {
    const there = await sink(() => undefined);
    const { queue } = queueOf({ maxItems: 3, maxBytes: 1_000 });
    queue.add(push(there.url, "unanswered"));
    const began = performance.now();
    await queue.flush(300);
    expect(performance.now() - began).toBeLessThan(8_000); // the request's own timeout is 10 s
    expect(queue.counts()).toMatchObject({ stored: 0, queued: 1 });
  });
});

test("Retry-After is seconds, a date, or nothing to go by", () => {
  const now = Date.parse("Fri, 20 Nov 2026 12:00:00 GMT");
  expect(parseRetryAfter("3", now)).toBe(3_000);
  expect(parseRetryAfter("Fri, 20 Nov 2026 12:00:05 GMT", now)).toBe(5_000);
  expect(parseRetryAfter("Fri, 20 Nov 2026 11:00:00 GMT", now)).toBe(0);
  expect(parseRetryAfter("soon", now)).toBeUndefined();
  expect(parseRetryAfter(undefined, now)).toBeUndefined();
});
