/** A service at work for ten seconds, sent through the public doors: right unless a test says otherwise. */
import { gzipSync } from "node:zlib";
import { drawPprof } from "@/lib/ingest/test-pprof-writer";

/** One request with one inner span, as the code in it knows them. */
export interface TestRequest {
  readonly number: number;
  readonly traceId: string;
  readonly entrySpanId: string;
  readonly innerSpanId: string;
  readonly endpoint: string;
}

export interface Scene {
  readonly service: string;
  /** Unix milliseconds of the first request. */
  readonly atMillis: number;
  /** 10 by default. */
  readonly requests?: number;
  /** Of each request; its inner span is a fifth shorter. 400 by default. */
  readonly requestMillis?: number;
  /** Labels of the 5 samples in the request itself and the 10 in its inner span. */
  readonly labels?: (request: TestRequest, place: "entry" | "inner") => Readonly<Record<string, string>>;
  /** Which requests have spans; all by default. */
  readonly hasSpans?: (request: TestRequest) => boolean;
  readonly hasInnerSpan?: boolean;
  /** Of the spans, when it is not the service's own. */
  readonly spanService?: string;
  readonly traceState?: string;
  /** Samples without any label, as the runtime's own are. 20 by default. */
  readonly runtimeSamples?: number;
  /** The profile's window against the requests' time. 0 by default. */
  readonly profileDelayMillis?: number;
  /** false: nothing is profiled. `idle`: a window without a sample. */
  readonly isProfiled?: boolean | "idle";
  /** A heap profile beside. */
  readonly hasHeap?: boolean;
  readonly language?: string;
}

const WINDOW_MILLIS = 10_000;

/** The labels of the convention (docs/clients.md). */
export function rightLabels(
  { endpoint, entrySpanId, innerSpanId, traceId }: TestRequest,
  place: "entry" | "inner",
): Record<string, string> {
  return {
    trace_id: traceId,
    span_id: place === "entry" ? entrySpanId : innerSpanId,
    local_root_span_id: entrySpanId,
    endpoint,
  };
}

/** @returns the requests of a scene: ids are made from its service and time, the same whenever asked */
export function requestsOf({ atMillis, requests = 10, service }: Scene): TestRequest[] {
  const seed = Buffer.from(service.padEnd(4, "_")).toString("hex").slice(0, 8);
  return Array.from({ length: requests }, (_, number) => {
    const tail = `${(atMillis % 1e9).toString(16).padStart(8, "0")}`;
    const own = number.toString(16).padStart(4, "0");
    return {
      number,
      traceId: `ab${seed}cafe0000${tail.padStart(14, "d").slice(-10)}${own}`.padEnd(32, "f").slice(0, 32),
      entrySpanId: `ea${seed.slice(0, 4)}${tail.slice(-6)}${own}`.slice(0, 16),
      innerSpanId: `fa${seed.slice(0, 4)}${tail.slice(-6)}${own}`.slice(0, 16),
      endpoint: "GET /orders",
    };
  });
}

/** Sends spans and profiles. @param url of the dashboard or of the OTLP port, without a path */
export async function sendScene(url: string, scene: Scene): Promise<TestRequest[]> {
  const requests = requestsOf(scene);
  const withSpans = requests.filter(scene.hasSpans ?? (() => true));
  if (withSpans.length > 0) await post(`${url}/v1/traces`, spansOf(scene, withSpans), "application/json");
  if (scene.isProfiled === false) return requests;
  const profiles = `${url}/api/v1/profiles?service=${encodeURIComponent(scene.service)}`;
  await post(profiles, cpuProfile(scene, requests), "application/octet-stream");
  if (scene.hasHeap === true) await post(profiles, heapProfile(scene), "application/octet-stream");
  return requests;
}

async function post(url: string, body: string | Buffer, type: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
}

function spansOf(scene: Scene, requests: readonly TestRequest[]): string {
  const { hasInnerSpan = true, language = "go", requestMillis = 400, traceState = "" } = scene;
  const spans = requests.flatMap((request) => {
    const start = scene.atMillis + (request.number * WINDOW_MILLIS) / (scene.requests ?? 10);
    const span = (
      spanId: string,
      parentSpanId: string,
      name: string,
      kind: number,
      from: number,
      to: number,
    ) => ({
      traceId: request.traceId,
      spanId,
      parentSpanId,
      traceState,
      name,
      kind,
      startTimeUnixNano: `${Math.round(start + from)}000000`,
      endTimeUnixNano: `${Math.round(start + to)}000000`,
      attributes: [
        { key: "http.request.method", value: { stringValue: "GET" } },
        { key: "http.route", value: { stringValue: "/orders" } },
      ],
    });
    const entry = span(request.entrySpanId, "", "GET /orders", 2, 0, requestMillis);
    if (!hasInnerSpan) return [entry];
    const margin = requestMillis / 10;
    return [
      entry,
      span(request.innerSpanId, request.entrySpanId, "price", 1, margin, requestMillis - margin),
    ];
  });
  const resource = {
    attributes: [
      { key: "service.name", value: { stringValue: scene.spanService ?? scene.service } },
      { key: "telemetry.sdk.language", value: { stringValue: language } },
    ],
  };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "test" }, spans }] }] });
}

/** Each service has code of its own: the same bytes sent for two services would be kept for the first alone. */
const codeOf = ({ service }: Scene) => ({
  locations: [
    { id: 1, lines: [[1, 3]] },
    { id: 2, lines: [[2, 8]] },
  ] as const,
  functions: [
    { id: 1, name: "main.serve", file: `/srv/${service}/main.go` },
    { id: 2, name: "main.price", file: `/srv/${service}/price.go` },
  ],
});

function cpuProfile(scene: Scene, requests: readonly TestRequest[]): Buffer {
  const { labels = rightLabels, profileDelayMillis = 0, runtimeSamples = 20 } = scene;
  const sample = (count: number, own: Readonly<Record<string, string>>, locations: number[]) => ({
    locations,
    values: [count, count * 10_000_000],
    labels: own,
  });
  const samples = [
    ...requests.flatMap((request) => [
      sample(5, labels(request, "entry"), [1]),
      sample(10, labels(request, "inner"), [2, 1]),
    ]),
    sample(runtimeSamples, {}, [1]),
  ];
  return gzipSync(
    drawPprof({
      ...codeOf(scene),
      sampleTypes: [
        ["samples", "count"],
        ["cpu", "nanoseconds"],
      ],
      samples: scene.isProfiled === "idle" ? [] : samples,
      period: ["cpu", "nanoseconds", 10_000_000n],
      timeNanos: BigInt(scene.atMillis + profileDelayMillis) * 1_000_000n,
      durationNanos: BigInt(WINDOW_MILLIS + 1_000) * 1_000_000n,
    }),
  );
}

function heapProfile(scene: Scene): Buffer {
  return gzipSync(
    drawPprof({
      ...codeOf(scene),
      sampleTypes: [
        ["inuse_objects", "count"],
        ["inuse_space", "bytes"],
      ],
      samples: [{ locations: [2, 1], values: [3, 4096] }],
      period: ["space", "bytes", 524_288n],
      timeNanos: BigInt(scene.atMillis) * 1_000_000n,
    }),
  );
}
