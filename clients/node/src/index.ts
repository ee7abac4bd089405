import { randomUUID } from "node:crypto";
import { labelActiveSpans } from "./active-labels";
import type { AgentStats } from "./agent";
import { contextManager } from "./context-manager";
import { createLog, type Log, reasonOf } from "./log";
import { type HotspanOptions, readOptions, type Settings } from "./options";
import { otherProfiler } from "./other-profilers";
import { createPushQueue, type PushCounts, within } from "./push-queue";
import { send } from "./send";
import { createSpanHolders } from "./span-holders";
import { hasTracing, startTracing } from "./tracing";

export type { CaptureOptions, HotspanOptions } from "./options";

export interface HotspanStats extends AgentStats {
  readonly profiles: PushCounts;
  readonly spanBatches: PushCounts;
}

export interface Hotspan {
  /** `false` when another profiler has the process, or something went wrong that the warning says. */
  readonly profiling: boolean;
  /** Ours: set up because the program had none. */
  readonly tracing: boolean;
  /** Pushes what there is up to now. Never rejects; bounded by `shutdownTimeoutMs`. */
  readonly flush: () => Promise<void>;
  /** The same, and ends the profiling and the tracing set up here. Never rejects; bounded. */
  readonly shutdown: () => Promise<void>;
  readonly stats: () => HotspanStats;
}

/** Of this thread: every copy of this package must find it. */
const RUNNING = Symbol.for("hotspan.node");

/**
 * Traces and profiles of this process, to Hotspan. To be called first, before the program imports what is to be traced; a
 * second call gives the same back. Nothing thrown here reaches the program: trouble is one warning, and the program runs
 * on without what could not be had.
 */
export function startHotspan(options: HotspanOptions): Hotspan {
  const running: unknown = Reflect.get(globalThis, RUNNING);
  if (running !== undefined) return running as Hotspan;
  try {
    const hotspan = start(readOptions(options));
    Reflect.set(globalThis, RUNNING, hotspan);
    return hotspan;
  } catch (error) {
    createLog(options?.warn)(`not started: ${reasonOf(error)}`);
    return INERT;
  }
}

function start(settings: Settings): Hotspan {
  const { log, queue, shutdownTimeoutMs } = settings;
  const instance = randomUUID();
  const holders = createSpanHolders();
  const queueOf = (what: string, maxItems: number) =>
    createPushQueue({ what, maxItems, maxBytes: queue.maxBytes, send, log });
  const profiles = queueOf("profiles", queue.maxProfiles);
  const reports = queueOf("reports of captures", queue.maxProfiles);
  const spans = queueOf("spans", queue.maxSpanBatches);

  const isTraced = hasTracing();
  const manager = contextManager();
  if (manager === undefined)
    log("another version of @opentelemetry/api is in the way: samples get no labels");
  const sampling = settings.profiling ? startSampling(settings) : undefined;
  if (sampling !== undefined && manager !== undefined) {
    labelActiveSpans(manager, holders, sampling.profiler.sink, log);
  }
  const resource = {
    "service.name": settings.service,
    "service.instance.id": instance,
    "process.pid": process.pid,
  };
  const tracing =
    isTraced || !settings.tracing
      ? undefined
      : attempt("tracing", log, () => startTracing(settings, resource, spans));

  /** As the spans have it, once one was seen: a program's own tracing names the process too. */
  function identity() {
    const { "service.name": name, "service.instance.id": id } = holders.resource();
    if (typeof name === "string" && name !== settings.service) {
      log(`profiles are of service "${settings.service}" and spans of "${name}": give both one name`);
    }
    return { service: settings.service, instance: typeof id === "string" ? id : instance };
  }
  const agent = sampling?.startAgent(settings, sampling.profiler, profiles, reports, identity);

  async function bounded(work: readonly (Promise<void> | undefined)[]): Promise<void> {
    const results = (await within(Promise.allSettled(work), shutdownTimeoutMs)) ?? [];
    for (const result of results) {
      if (result.status === "rejected") log(`flushing failed: ${reasonOf(result.reason)}`);
    }
  }
  const hotspan: Hotspan = {
    profiling: agent !== undefined,
    tracing: tracing !== undefined,
    flush: () => bounded([agent?.flush(shutdownTimeoutMs), tracing?.flush()]),
    shutdown: () => bounded([agent?.stop(shutdownTimeoutMs), tracing?.shutdown()]),
    stats: () => ({
      ...(agent?.stats() ?? NO_AGENT),
      profiles: profiles.counts(),
      spanBatches: spans.counts(),
    }),
  };
  endWith(hotspan, settings);
  return hotspan;
}

function startSampling(settings: Settings) {
  const other = otherProfiler();
  if (other !== undefined) {
    settings.log(`${other} is at work in this process; only one can be. Hotspan takes no profiles here`);
    return undefined;
  }
  return attempt("profiling", settings.log, () => {
    // Loaded here and not above: where the sampler has no binary for the platform, loading it throws.
    const { createWallProfiler } = require("./wall-profiler") as typeof import("./wall-profiler");
    const { startAgent } = require("./agent") as typeof import("./agent");
    const longest = Math.max(settings.pushIntervalMs, settings.capture?.durationMs ?? 0);
    const profiler = createWallProfiler(longest * 2);
    profiler.start(settings.sampleRateHz);
    return { profiler, startAgent };
  });
}

function attempt<T>(what: string, log: Log, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    log(`${what} could not start: ${reasonOf(error)}`);
    return undefined;
  }
}

/** A signal that only we listen to still ends the process: it is sent again once all is pushed. */
function endWith(hotspan: Hotspan, { flushOn }: Settings): void {
  for (const event of flushOn) {
    if (event === "beforeExit") {
      process.once("beforeExit", () => void hotspan.shutdown());
      continue;
    }
    process.once(event, () => {
      void hotspan.shutdown().then(() => {
        if (process.listenerCount(event) === 0) process.kill(process.pid, event);
      });
    });
  }
}

const NO_AGENT: AgentStats = { captures: 0, capturing: "", ownShare: 0, sampleRateHz: 0 };
const NONE: PushCounts = { stored: 0, dropped: 0, refused: 0, queued: 0, queuedBytes: 0 };
const INERT: Hotspan = {
  profiling: false,
  tracing: false,
  flush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
  stats: () => ({ ...NO_AGENT, profiles: NONE, spanBatches: NONE }),
};
