/** The supervisor as `npm run ingest` runs it: the real engine, the real ingest process, real signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@clickhouse/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestEngine } from "../engine/test-engine";

const script = fileURLToPath(new URL("../../dist/supervisor.mjs", import.meta.url));
let dataDir: string;
let ports: readonly [http: number, grpc: number];
const started: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "hotspan 50% #1 é-"));
  ports = [await freePort(), await freePort()];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(end));
  rmSync(dataDir, { recursive: true, force: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function run(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script, "--only=ingest"], {
    env: {
      ...process.env,
      HOTSPAN_DATA: dataDir,
      HOTSPAN_OTLP_HTTP_PORT: String(ports[0]),
      HOTSPAN_OTLP_GRPC_PORT: String(ports[1]),
      HOTSPAN_SAMPLE_DATA: "off",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { child, exit, output: () => output };
}

async function runUntilReady() {
  const process = run();
  await expect.poll(process.output, { timeout: 20_000 }).toContain("takes in data");
  return process;
}

/** How long from the signal to the end, in ms; the exit code must be 0. */
async function timeStop({ child, exit }: ReturnType<typeof run>, signal: NodeJS.Signals): Promise<number> {
  const asked = performance.now();
  child.kill(signal);
  expect(await exit).toBe(0);
  return performance.now() - asked;
}

/** Of the process that opened the store last. */
function enginePid(): number {
  const engine: unknown = JSON.parse(readFileSync(join(dataDir, "store", "engine.pid"), "utf8"));
  if (typeof engine === "object" && engine !== null && "pid" in engine && typeof engine.pid === "number")
    return engine.pid;
  throw new Error("No engine has left its pid.");
}

const spansPerExport = 500;

/** The body of one OTLP export of fresh spans. */
function makeExport(): string {
  const now = BigInt(Date.now()) * 1_000_000n;
  const traceId = randomBytes(16).toString("hex");
  const spans = Array.from({ length: spansPerExport }, () => ({
    traceId,
    spanId: randomBytes(8).toString("hex"),
    name: "GetProduct",
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "gateway" } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: {}, spans }] }] });
}

/** @returns true when the export was acknowledged in full */
async function exportSpans(body = makeExport()): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${ports[0]}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return response.status === 200 && !(await response.text()).includes("rejectedSpans");
  } catch {
    return false; // the server went away under it: not acknowledged
  }
}

async function countSpans(): Promise<{ rows: number; distinct: number }> {
  const engine = await startTestEngine(join(dataDir, "store"));
  const client = createClient({ url: engine.url });
  const result = await client.query({
    query:
      "SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(TraceId, SpanId)) AS distinct FROM otel_traces",
    format: "JSONEachRow",
  });
  const [row] = await result.json<{ rows: number; distinct: number }>();
  await client.close();
  await engine.stop();
  return row ?? { rows: 0, distinct: 0 };
}

test("idle, it stops within 2 s of SIGTERM and of SIGINT, and says where it takes in data", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    expect(await timeStop(await runUntilReady(), signal), signal).toBeLessThan(2_000);
  }
}, 60_000);

test("under load it stops within 10 s and loses nothing that it acknowledged", async () => {
  const running = await runUntilReady();
  let acknowledged = 0;
  let stopped = false;
  const exporters = Array.from({ length: 4 }, async () => {
    while (!stopped) if (await exportSpans()) acknowledged++;
  });
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(20);
  expect(await timeStop(running, "SIGTERM")).toBeLessThan(10_000);
  stopped = true;
  await Promise.all(exporters);
  const { rows, distinct } = await countSpans();
  expect(distinct).toBe(rows);
  expect(rows).toBeGreaterThanOrEqual(acknowledged * spansPerExport);
}, 90_000);

test("the engine killed ten times under exporters that send again: each span is there once", async () => {
  const running = await runUntilReady();
  let acknowledged = 0;
  let stopped = false;
  const exporters = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      const body = makeExport();
      for (let tries = 1; !(await exportSpans(body)); tries++) {
        if (tries === 1_000) throw new Error("An export was refused a thousand times.");
      }
      acknowledged++;
    }
  });
  for (let kill = 0; kill < 10; kill++) {
    const before = acknowledged;
    await expect
      .poll(() => acknowledged, { interval: 5, timeout: 20_000 })
      .toBeGreaterThan(before + 3 + (kill % 4));
    process.kill(enginePid(), "SIGKILL");
  }
  stopped = true;
  await Promise.all(exporters);
  await timeStop(running, "SIGTERM");
  expect(await countSpans()).toEqual({
    rows: acknowledged * spansPerExport,
    distinct: acknowledged * spansPerExport,
  });
}, 180_000);

test("a second one on the same folder leaves within 3 s and names the first, which goes on", async () => {
  await runUntilReady();
  const began = performance.now();
  const second = run({ HOTSPAN_OTLP_HTTP_PORT: String(await freePort()) });
  expect(await second.exit).toBe(1);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(second.output()).toBe(`The folder ${dataDir} is already in use by pid ${started[0]?.pid}.\n`);
  expect(await exportSpans()).toBe(true);
}, 60_000);

test("killed without warning it leaves no process behind: the next one takes over folder and ports", async () => {
  const first = await runUntilReady();
  expect(await exportSpans()).toBe(true);
  first.child.kill("SIGKILL");
  await first.exit;
  await expect.poll(exportSpans, { timeout: 5_000 }).toBe(false);
  const second = await runUntilReady();
  expect(await exportSpans()).toBe(true);
  await timeStop(second, "SIGTERM");
  expect(await countSpans()).toEqual({ rows: 2 * spansPerExport, distinct: 2 * spansPerExport });
}, 60_000);

test("an engine that was frozen when its supervisor was killed does not keep the next one out", async () => {
  const first = await runUntilReady();
  expect(await exportSpans()).toBe(true);
  process.kill(enginePid(), "SIGSTOP");
  first.child.kill("SIGKILL");
  await first.exit;
  await expect.poll(exportSpans, { timeout: 5_000 }).toBe(false);
  await timeStop(await runUntilReady(), "SIGTERM");
  expect(await countSpans()).toEqual({ rows: spansPerExport, distinct: spansPerExport });
}, 60_000);

test("a busy port and a folder that is none get one sentence each", async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(ports[0], "127.0.0.1", resolve));
  const busy = run();
  expect(await busy.exit).toBe(1);
  expect(busy.output()).toBe(
    `Port ${ports[0]} is already in use by another program. Set HOTSPAN_OTLP_HTTP_PORT to a free one.\n`,
  );
  await new Promise((resolve) => squatter.close(resolve));

  const file = join(dataDir, "file");
  writeFileSync(file, "");
  const nowhere = run({ HOTSPAN_DATA: file });
  expect(await nowhere.exit).toBe(1);
  expect(nowhere.output()).toMatch(
    /^The folder .* is not writable \(\w+\)\. Set HOTSPAN_DATA to one that is\.\n$/,
  );
}, 30_000);
