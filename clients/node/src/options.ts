import type { Instrumentation } from "@opentelemetry/instrumentation";
import { createLog, type Log } from "./log";

type FlushEvent = "SIGTERM" | "SIGINT" | "beforeExit";

/** What a program may say. Times in milliseconds, sizes in bytes, shares from 0 to 1. */
export interface HotspanOptions {
  /** Where Hotspan listens: the dashboard or the OTLP/HTTP port, with a base path when there is one. */
  readonly url: string;
  /** Default: OTEL_SERVICE_NAME, else the name in package.json as npm tells it. */
  readonly service?: string;
  /** Sent with every request, for a proxy that asks who you are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Put on every profile: `{ version: "1.4.2" }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of frameworks and clients, started with the tracing that startHotspan sets up; not used when the program has its own. */
  readonly instrumentations?: readonly Instrumentation[];
  /** `false`: never set up tracing. Default `true`: only when the program has none. */
  readonly tracing?: boolean;
  /** `false`: no profiles, tracing alone. Default `true`. */
  readonly profiling?: boolean;
  /** Length of one profile and the time between pushes. Default 15,000; 10,000 to 60,000 are sensible. */
  readonly pushIntervalMs?: number;
  /** Samples a second. Default 100. */
  readonly sampleRateHz?: number;
  /** `always` costs memory and a little time all along; `capture` (the default) only during captures. */
  readonly heap?: "off" | "capture" | "always";
  readonly capture?: CaptureOptions | false;
  /** What waits while Hotspan is away: default 40 profiles and 400 batches of spans, each of at most 8 MiB together. */
  readonly queue?: {
    readonly maxProfiles?: number;
    readonly maxSpanBatches?: number;
    readonly maxBytes?: number;
  };
  /** Largest share of the main thread that collecting profiles may take before it collects less. Default 0.02. */
  readonly maxOwnShare?: number;
  /** When to push what is left and then let the process end. Default: never, the program calls `shutdown()`. */
  readonly flushOn?: readonly FlushEvent[];
  /** Longest time that `shutdown()` takes. Default 3,000. */
  readonly shutdownTimeoutMs?: number;
  /** Where sentences about trouble go. Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** When the process itself looks unwell, and what is then recorded. */
export interface CaptureOptions {
  /** How often load and memory are read. Default 15,000. */
  readonly checkEveryMs?: number;
  /** CPU of the process, in cores. Default 0.7. */
  readonly cpuCores?: number;
  /** Share of the time in which the event loop was busy. Default 0.7. */
  readonly eventLoopBusy?: number;
  /** Share of V8's heap limit, and of the container's memory limit when there is one. Default 0.8. */
  readonly memory?: number;
  /** Length of one capture. Default 30,000. */
  readonly durationMs?: number;
  /** Samples a second during a capture. Default 400. */
  readonly sampleRateHz?: number;
  /** From the start of one capture to the start of the next. Default 600,000. */
  readonly atMostEveryMs?: number;
}

export interface Settings {
  readonly url: URL;
  readonly service: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly instrumentations: readonly Instrumentation[];
  readonly tracing: boolean;
  readonly profiling: boolean;
  readonly pushIntervalMs: number;
  readonly sampleRateHz: number;
  readonly heap: "off" | "capture" | "always";
  readonly capture: Required<CaptureOptions> | undefined;
  readonly queue: {
    readonly maxProfiles: number;
    readonly maxSpanBatches: number;
    readonly maxBytes: number;
  };
  readonly maxOwnShare: number;
  readonly flushOn: readonly FlushEvent[];
  readonly shutdownTimeoutMs: number;
  readonly log: Log;
}

const DEFAULT_CAPTURE: Required<CaptureOptions> = {
  checkEveryMs: 15_000,
  cpuCores: 0.7,
  eventLoopBusy: 0.7,
  memory: 0.8,
  durationMs: 30_000,
  sampleRateHz: 400,
  atMostEveryMs: 600_000,
};

/** @throws Error with one sentence that names the option; `startHotspan` turns it into a warning */
export function readOptions(options: HotspanOptions, env: NodeJS.ProcessEnv = process.env): Settings {
  const capture = options.capture === false ? undefined : { ...DEFAULT_CAPTURE, ...options.capture };
  const settings = {
    url: readUrl(options.url),
    service:
      firstText(options.service, env.OTEL_SERVICE_NAME, env.npm_package_name) ?? "unknown_service:node",
    headers: options.headers ?? {},
    labels: options.labels ?? {},
    instrumentations: options.instrumentations ?? [],
    tracing: options.tracing ?? true,
    profiling: options.profiling ?? true,
    pushIntervalMs: options.pushIntervalMs ?? 15_000,
    sampleRateHz: options.sampleRateHz ?? 100,
    heap: options.heap ?? "capture",
    capture,
    queue: { maxProfiles: 40, maxSpanBatches: 400, maxBytes: 8_388_608, ...options.queue },
    maxOwnShare: options.maxOwnShare ?? 0.02,
    flushOn: options.flushOn ?? [],
    shutdownTimeoutMs: options.shutdownTimeoutMs ?? 3_000,
    log: createLog(options.warn),
  };
  inRange("pushIntervalMs", settings.pushIntervalMs, 100, 600_000);
  inRange("sampleRateHz", settings.sampleRateHz, 1, 1_000);
  inRange("queue.maxProfiles", settings.queue.maxProfiles, 1, 10_000);
  inRange("queue.maxSpanBatches", settings.queue.maxSpanBatches, 1, 100_000);
  inRange("queue.maxBytes", settings.queue.maxBytes, 1_024, 1_073_741_824);
  inRange("maxOwnShare", settings.maxOwnShare, 0.000_1, 1);
  inRange("shutdownTimeoutMs", settings.shutdownTimeoutMs, 0, 600_000);
  if (capture === undefined) return settings;
  inRange("capture.checkEveryMs", capture.checkEveryMs, 100, 3_600_000);
  inRange("capture.cpuCores", capture.cpuCores, 0, 1_024);
  inRange("capture.eventLoopBusy", capture.eventLoopBusy, 0, 1);
  inRange("capture.memory", capture.memory, 0, 1);
  inRange("capture.durationMs", capture.durationMs, 100, 600_000);
  inRange("capture.sampleRateHz", capture.sampleRateHz, 1, 1_000);
  inRange("capture.atMostEveryMs", capture.atMostEveryMs, 0, 86_400_000);
  return settings;
}

/** @param path below the base path: `v1/traces` */
export function underUrl(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/${path}`;
  return url;
}

function readUrl(text: string | undefined): URL {
  const url = URL.canParse(text ?? "") ? new URL(text ?? "") : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error(`url: "${text ?? ""}" is no http or https address, such as http://localhost:3000`);
  }
  return url;
}

function firstText(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.map((text) => text?.trim()).find((text) => text !== undefined && text !== "");
}

function inRange(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new Error(`${name}: ${String(value)} is not between ${least} and ${most}`);
}
