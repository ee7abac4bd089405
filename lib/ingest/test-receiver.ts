/** A receiver for tests: both doors on free ports, before a real engine in a folder of its own. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { HotspanError } from "@/lib/errors";
import { type ReceiverOptions, startReceiver } from "@/lib/ingest/receiver";
import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn } from "@/lib/store/row";
import { startTestStore } from "@/lib/store/test-store";

export const WORKER_SCRIPT = new URL("../../dist/decode-worker.mjs", import.meta.url);
export const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

export interface TestReceiver {
  readonly url: string;
  readonly grpcPort: number;
  stop(): Promise<void>;
}

/** The doors alone; the store is whatever the process is connected to. */
export async function startTestDoors(options: Partial<ReceiverOptions> = {}): Promise<TestReceiver> {
  const receiver = await startReceiver({
    host: "127.0.0.1",
    httpPort: 0,
    grpcPort: 0,
    maxBodyBytes: 67_108_864,
    workerScript: WORKER_SCRIPT,
    insertProfile: async () => {
      throw new HotspanError("invalid-input", "No profiles in this test.");
    },
    ...options,
  });
  return {
    url: `http://127.0.0.1:${receiver.httpPort}`,
    grpcPort: receiver.grpcPort,
    stop: () => receiver.stop(2_000),
  };
}

export async function startTestReceiver(): Promise<TestReceiver> {
  const store = await startTestStore();
  const doors = await startTestDoors();
  return {
    ...doors,
    stop: async () => {
      await doors.stop();
      await store.stop();
    },
  };
}

export function record(name: string): Buffer {
  return readFileSync(new URL(`./records/otlp/${name}`, import.meta.url));
}

export interface Sent {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly contentType: string | null;
  readonly body: Buffer;
}

export async function post(
  url: string,
  body: Buffer | string,
  headers: Record<string, string> = { "content-type": "application/x-protobuf" },
): Promise<Sent> {
  const answer = await fetch(url, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  return {
    status: answer.status,
    retryAfter: answer.headers.get("retry-after"),
    contentType: answer.headers.get("content-type"),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

export const JSON_TYPE = { "content-type": "application/json" };

/** @returns the answer, or the error that a gRPC client sees */
export function callGrpc(port: number, path: string, message: Buffer): Promise<Buffer | ServiceError> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, message, (error, answer) => {
      client.close();
      resolve(error ?? answer ?? Buffer.alloc(0));
    });
  });
}

/** The stored spans of some traces, whole, in order of their ids. */
export function storedSpans(traceIds: readonly string[]): Promise<readonly unknown[]> {
  return queryRows(
    `SELECT * EXCEPT (IngestedAt, Weight, KeptShare) FROM otel_traces WHERE TraceId IN {ids:Array(String)} ORDER BY TraceId, SpanId`,
    { ids: traceIds },
  );
}

export async function countSpans(): Promise<number> {
  const [row] = await queryRows("SELECT count() AS spans FROM otel_traces");
  return row === undefined ? 0 : numberColumn(row, "spans");
}

/** A span in OTLP JSON, a second long and a minute old. */
export function jsonSpan(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const start = (BigInt(Date.now()) - 60_000n) * 1_000_000n;
  return {
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    name: "work",
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000_000_000n),
    ...fields,
  };
}

export function jsonExport(spans: readonly unknown[]): string {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "test" }, spans }] }] });
}
