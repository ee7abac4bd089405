/**
 * What it costs to take in spans, on a recorded body of 500 spans: decoding alone, decoding to rows, and the whole way
 * over HTTP into the embedded engine at a steady rate, the CPU of receiver and engine apart. Linux (it reads /proc).
 *
 *     node scripts/build-processes.mjs
 *     npx esbuild bench/otlp-ingest.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/bench-otlp-ingest.mjs
 *     node dist/bench-otlp-ingest.mjs [spansPerSecond=20000] [seconds=10]
 */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { startEngine } from "@/lib/engine/engine-process";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { decodeTraceRows } from "@/lib/ingest/trace-rows";

const SPANS = 500;
const HTTP_PORT = 22_418;
const CLOCK_TICKS = 100; // per second, on every Linux that Node runs on
const root = fileURLToPath(new URL("..", import.meta.url));

export interface OtlpIngestFigures {
  readonly decodePerCpuSecond: number;
  readonly decodeToRowsPerCpuSecond: number;
  readonly endToEnd: {
    readonly asked: number;
    readonly spansPerSecond: number;
    readonly receiverCores: number;
    readonly engineCores: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly refused: number;
  };
}

/** @param rate spans a second to send, for `seconds` */
export async function measureOtlpIngest(rate = 20_000, seconds = 10): Promise<OtlpIngestFigures> {
  const template = gunzipSync(readFileSync(join(root, "lib/ingest/records/otlp/bench-500-spans.pb.gz")));
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    decodePerCpuSecond: perCpuSecond(() => decodeOtlpTraces(template, "protobuf", now)),
    decodeToRowsPerCpuSecond: perCpuSecond(() =>
      decodeTraceRows({ bytes: template, encoding: "protobuf", now, source: "" }),
    ),
    endToEnd: await measureEndToEnd(bodyMaker(template), rate, seconds),
  };
}

function perCpuSecond(work: () => unknown): number {
  for (let round = 0; round < 200; round++) work();
  const rounds = 600;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) work();
  const { user, system } = process.cpuUsage(before);
  return Math.round((rounds * SPANS * 1e6) / (user + system));
}

async function measureEndToEnd(
  makeBody: () => Uint8Array<ArrayBuffer>,
  rate: number,
  seconds: number,
): Promise<OtlpIngestFigures["endToEnd"]> {
  const dataDir = mkdtempSync(join(tmpdir(), "hotspan-bench-"));
  const engine = await startEngine({ dataDir, script: join(root, "dist/engine.mjs"), log: () => undefined });
  const ingest = fork(join(root, "dist/ingest.mjs"), {
    env: {
      ...process.env,
      HOTSPAN_DATA: dataDir,
      HOTSPAN_ENGINE_URL: engine.url,
      HOTSPAN_OTLP_HTTP_PORT: String(HTTP_PORT),
      HOTSPAN_OTLP_GRPC_PORT: String(HTTP_PORT - 1),
      HOTSPAN_SAMPLE_DATA: "off",
    },
  });
  try {
    const url = `http://127.0.0.1:${HTTP_PORT}`;
    for (;;) {
      const up = await fetch(`${url}/health`).catch(() => undefined);
      if (up?.ok) break;
      if (ingest.exitCode !== null) throw new Error("The ingest process did not start.");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Promise.all(Array.from({ length: 20 }, () => send(url, makeBody())));
    const pids = [ingest.pid ?? 0, engine.pid ?? 0];
    const cpuBefore = pids.map(cpuSeconds);
    const start = performance.now();
    const sent: Promise<number>[] = [];
    const intervalMs = (SPANS / rate) * 1_000;
    while (performance.now() - start < seconds * 1_000) {
      sent.push(send(url, makeBody()));
      const wait = sent.length * intervalMs - (performance.now() - start);
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    const times = await Promise.all(sent);
    const elapsed = (performance.now() - start) / 1_000;
    const [receiverCores, engineCores] = pids.map((pid, index) =>
      round((cpuSeconds(pid) - (cpuBefore[index] ?? 0)) / elapsed),
    );
    const stored = times.filter((ms) => ms >= 0).sort((a, b) => a - b);
    return {
      asked: rate,
      spansPerSecond: Math.round((stored.length * SPANS) / elapsed),
      receiverCores: receiverCores ?? 0,
      engineCores: engineCores ?? 0,
      p50Ms: round(stored[Math.floor(stored.length * 0.5)] ?? 0),
      p95Ms: round(stored[Math.floor(stored.length * 0.95)] ?? 0),
      refused: times.length - stored.length,
    };
  } finally {
    ingest.kill("SIGTERM");
    await new Promise((resolve) => ingest.once("exit", resolve));
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** @returns milliseconds until the spans were acknowledged, -1 when they were refused */
async function send(url: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  const start = performance.now();
  const answer = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
    body,
  });
  await answer.arrayBuffer();
  return answer.ok ? performance.now() - start : -1;
}

/** Copies of the recorded body with ids of their own and times of now, so that each is new to the store. */
function bodyMaker(template: Buffer): () => Uint8Array<ArrayBuffer> {
  const { spans } = decodeOtlpTraces(template, "protobuf", BigInt(Date.now()) * 1_000_000n);
  const ids = new Set(spans.flatMap((span) => [span.traceId, span.spanId]));
  const idPlaces = [...ids].flatMap((id) => placesOf(template, Buffer.from(id, "hex")));
  const times = spans.flatMap((span) => {
    const end = span.startUnixNano + BigInt(span.durationNs);
    return [timeField(0x39, span.startUnixNano), timeField(0x41, end)];
  });
  const [earliest] = spans.map(({ startUnixNano }) => startUnixNano).sort((a, b) => (a < b ? -1 : 1));
  const first = earliest ?? 0n;
  const timePlaces = [...new Set(times.map((field) => field.toString("hex")))].flatMap((hex) =>
    placesOf(template, Buffer.from(hex, "hex")),
  );
  let serial = 0;
  return () => {
    serial++;
    const body = Buffer.from(template);
    const mask = Math.imul(serial, 0x9e37_79b1) >>> 0;
    for (const { at, length } of idPlaces) {
      body.writeUInt32BE((template.readUInt32BE(at + length - 8) ^ mask) >>> 0, at + length - 8);
    }
    const shift = BigInt(Date.now()) * 1_000_000n - first;
    for (const { at } of timePlaces) body.writeBigUInt64LE(template.readBigUInt64LE(at + 1) + shift, at + 1);
    return new Uint8Array(gzipSync(body, { level: 1 }));
  };
}

function timeField(tag: number, time: bigint): Buffer {
  const field = Buffer.alloc(9);
  field[0] = tag;
  field.writeBigUInt64LE(time, 1);
  return field;
}

function placesOf(bytes: Buffer, wanted: Buffer): { at: number; length: number }[] {
  const places = [];
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    places.push({ at, length: wanted.length });
  }
  return places;
}

/** User and system time of a process, all its threads. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rate, seconds] = process.argv.slice(2).map(Number);
  process.stdout.write(`${JSON.stringify(await measureOtlpIngest(rate, seconds), null, 2)}\n`);
}
