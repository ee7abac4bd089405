/** A Go service as the collector sees it: a scripted server that answers with what Go's handlers were recorded to say. */
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const RECORDS = new URL("../ingest/records/profiles/", import.meta.url);
const record = (name: string) => readFileSync(new URL(name, RECORDS));

export const RECORDED = {
  cpu: record("go-cpu-2s.pb.gz"),
  heap: record("go-heap.pb.gz"),
  goroutine: record("go-goroutine.pb.gz"),
  mutex: record("go-mutex.pb.gz"),
  block: record("go-block.pb.gz"),
};

export type Answer = (response: ServerResponse, url: URL) => void;

export interface TestTarget {
  readonly url: string;
  readonly port: number;
  /** Paths with their query, in order. */
  readonly asked: string[];
  /** What is said instead at a path, until it is deleted. */
  readonly script: Map<string, Answer>;
  /** Of /metrics. */
  metrics: string;
  /** CPU profiles under way now, and at most. */
  readonly profiling: { now: number; most: number };
  stop(): Promise<void>;
}

export async function startTestTarget(port = 0): Promise<TestTarget> {
  const asked: string[] = [];
  const script = new Map<string, Answer>();
  const profiling = { now: 0, most: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://target");
    asked.push(`${url.pathname}${url.search}`);
    const scripted = script.get(url.pathname);
    if (url.pathname === "/debug/pprof/profile") {
      profiling.now++;
      profiling.most = Math.max(profiling.most, profiling.now);
      response.once("close", () => profiling.now--);
    }
    if (scripted !== undefined) return scripted(response, url);
    const name = url.pathname.replace("/debug/pprof/", "").replace("profile", "cpu");
    const recorded = Object.entries(RECORDED).find(([key]) => key === name)?.[1];
    if (recorded !== undefined) response.setHeader("content-type", "application/octet-stream").end(recorded);
    else if (url.pathname === "/metrics" && target.metrics !== "") response.end(target.metrics);
    else response.writeHead(404).end("404 page not found\n");
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  const target: TestTarget = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    asked,
    script,
    metrics: "",
    profiling,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return target;
}

/** @param cpuSeconds since the process started */
export function metricsText(cpuSeconds: number, residentBytes = 10_000_000): string {
  return `process_cpu_seconds_total ${cpuSeconds}\ngo_sched_gomaxprocs_threads 2\nprocess_resident_memory_bytes ${residentBytes}\n`;
}
