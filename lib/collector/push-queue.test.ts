import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPushQueue, type PushQueue } from "@/lib/collector/push-queue";
import { pause } from "@/lib/pause";

let server: Server;
let answers: number[];
let received: string[];
let waits: number[];
let told: string[];
let stop: AbortController;
let queue: PushQueue;
let ended: Promise<void>;

beforeEach(async () => {
  [answers, received, waits, told, stop] = [[], [], [], [], new AbortController()];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const status = answers.shift() ?? 200;
    if (status === 200) received.push(`${request.url} ${Buffer.concat(chunks)}`);
    response.writeHead(status).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  queue = createPushQueue({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock: {
      random: () => 0,
      wait: async (ms) => {
        waits.push(ms);
        await pause(1);
      },
    },
    log: (line) => void told.push(line),
    maxBytes: 30,
  });
  ended = queue.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await ended;
  server.close();
});

const push = (text: string) =>
  queue.push({ bytes: Buffer.from(text), query: new URLSearchParams({ service: "shop" }) });
const untilEmpty = async () => {
  while (queue.held() > 0) await pause(2);
};

test("what the receiver cannot take now is sent again, in order, ever more patiently", async () => {
  answers = [503, 429, 503, 200];
  const id = push("first");
  push("second");
  await untilEmpty();
  expect(received).toEqual(["/api/v1/profiles?service=shop first", "/api/v1/profiles?service=shop second"]);
  expect(id).toBe(createHash("sha256").update("first").digest("hex").slice(0, 16)); // the receiver's own name for it
  expect(waits).toEqual([1_000, 2_000, 4_000]);
});

test("what it refuses is given up, and the next is sent", async () => {
  answers = [400];
  push("bad");
  push("good");
  await untilEmpty();
  expect(received).toEqual(["/api/v1/profiles?service=shop good"]);
  expect(queue.counts).toEqual({ sent: 1, refused: 1, dropped: 0 });
});

test("while it is away the newest stay, within the limit, and how many did not is told", async () => {
  answers = [503];
  for (let at = 0; at < 10; at++) push(`profile ${at}!`); // ten bytes each
  expect(queue.held()).toBeLessThanOrEqual(30);
  await untilEmpty();
  while (told.length < 2) await pause(2);
  expect(told[1]).toMatch(/takes profiles again; 7 that waited were given up for newer ones\.$/);
  expect(received.slice(-3).map((line) => line.slice(-2))).toEqual(["7!", "8!", "9!"]);
  expect(queue.counts.sent + queue.counts.dropped).toBe(10);
});

test("at the end what is there is sent once more", async () => {
  answers = [503];
  push("last");
  while (waits.length === 0) await pause(1);
  stop.abort();
  await ended;
  expect(received).toEqual(["/api/v1/profiles?service=shop last"]);
});
