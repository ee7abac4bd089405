import { encode, heap } from "@datadog/pprof";
import { beginCapture, type Capture, type Identity } from "./capture";
import { createLoadReader, whyCapture } from "./load-watch";
import { reasonOf } from "./log";
import type { Settings } from "./options";
import { underUrl } from "./options";
import { createThrottle } from "./own-share";
import type { PushQueue } from "./push-queue";
import type { WallProfiler, Window } from "./wall-profiler";

/** V8's own default: about one allocation in half a megabyte is sampled. */
const HEAP_INTERVAL_BYTES = 524_288;
const HEAP_STACK_DEPTH = 64;
/** What is in use changes slowly; four readings a minute of it would be the same picture four times. */
const HEAP_EVERY_MS = 60_000;
/** Timers may fire that much before the clock says so; what is left of a capture would be a window of its own. */
const EARLY_MS = 5;

type Profile = Parameters<typeof encode>[0];

export interface AgentStats {
  readonly captures: number;
  /** Why the capture under way was started; "" when there is none. */
  readonly capturing: string;
  /** Share of the main thread that collecting the last window took. */
  readonly ownShare: number;
  /** Samples a second at this moment. */
  readonly sampleRateHz: number;
}

export interface Agent {
  /** Ends the window and pushes it and all that waits, for at most `ms`. */
  readonly flush: (ms: number) => Promise<void>;
  readonly stop: (ms: number) => Promise<void>;
  readonly stats: () => AgentStats;
}

/**
 * The clock of it all: a window of samples every `pushIntervalMs`, a look at the process's load every `checkEveryMs`, a
 * closer look when it is high. Timers never keep the process alive, and what fails in them is said once and goes on.
 */
export function startAgent(
  settings: Settings,
  profiler: WallProfiler,
  queue: PushQueue,
  reports: PushQueue,
  identity: () => Identity,
): Agent {
  const { log } = settings;
  const throttle = createThrottle(settings.maxOwnShare);
  const readLoad = createLoadReader();
  const encoding = new Set<Promise<void>>();
  let capture: Capture | undefined;
  let captures = 0;
  let lastCaptureMs = Number.NEGATIVE_INFINITY;
  let lastHeapMs = Date.now();
  let heapIsOn = false;
  let stopped = false;
  let windowTimer: NodeJS.Timeout | undefined;

  const rate = () => {
    const wanted = capture === undefined ? settings.sampleRateHz : (settings.capture?.sampleRateHz ?? 0);
    return Math.max(1, Math.max(wanted, settings.sampleRateHz) / throttle.slowdown());
  };

  function guarded(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      log(`${what} failed: ${reasonOf(error)}`);
    }
  }

  function queueProfile(kind: "cpu" | "heap", profile: Profile, startMs: number, of?: Capture): void {
    const url = profileUrl(startMs, of?.why);
    const onStored = of?.took(kind);
    const headers = { ...settings.headers, "content-type": "application/octet-stream" };
    const work = encode(profile)
      .then((body) => queue.add({ url, body, headers, onStored }))
      .catch((error: unknown) => log(`encoding a profile failed: ${reasonOf(error)}`))
      .finally(() => encoding.delete(work));
    encoding.add(work);
  }

  function profileUrl(startMs: number, why: string | undefined): URL {
    const { service, instance } = identity();
    const url = underUrl(settings.url, "api/v1/profiles");
    url.searchParams.set("service", service);
    url.searchParams.set("start", `${startMs}000000`);
    url.searchParams.set("label.service.instance.id", instance);
    for (const [key, value] of Object.entries(settings.labels)) url.searchParams.set(`label.${key}`, value);
    if (why !== undefined) url.searchParams.set("label.capture", why);
    return url;
  }

  function reportCapture(body: string): void {
    const headers = { ...settings.headers, "content-type": "application/json" };
    reports.add({ url: underUrl(settings.url, "api/v1/captures"), body: Buffer.from(body), headers });
  }

  function takeWindow(window: Window, of: Capture | undefined): void {
    throttle.note(window.mainThreadMs, Date.now() - window.startMs);
    if (window.profile.sample.length > 0) queueProfile("cpu", window.profile, window.startMs, of);
  }

  function setHeap(on: boolean): void {
    if (on === heapIsOn) return;
    if (on) heap.start(HEAP_INTERVAL_BYTES, HEAP_STACK_DEPTH);
    else heap.stop();
    heapIsOn = on;
  }

  function takeHeap(): void {
    if (!heapIsOn) return;
    lastHeapMs = Date.now();
    queueProfile("heap", heap.profile(), lastHeapMs, capture);
  }

  /** Ends the window under way, which is pushed as of its own capture; the next one is of `next`. */
  function nextWindow(next: Capture | undefined): void {
    clearTimeout(windowTimer);
    const ended = capture;
    capture = next;
    guarded("collecting a profile", () => takeWindow(profiler.rotate(rate()), ended));
    if (ended !== next) ended?.end();
    if (!stopped) schedule();
  }

  function schedule(): void {
    const left = capture === undefined ? Number.POSITIVE_INFINITY : capture.untilMs - Date.now();
    windowTimer = setTimeout(tick, Math.max(1, Math.min(settings.pushIntervalMs, left)));
    windowTimer.unref();
  }

  function tick(): void {
    const isOver = capture !== undefined && Date.now() >= capture.untilMs - EARLY_MS;
    if (isOver || Date.now() - lastHeapMs >= HEAP_EVERY_MS) guarded("taking a heap profile", takeHeap);
    nextWindow(isOver ? undefined : capture);
    if (isOver) guarded("ending the heap profile", () => setHeap(settings.heap === "always"));
  }

  function check(): void {
    const limits = settings.capture;
    const reading = readLoad();
    if (limits === undefined || capture !== undefined || throttle.slowdown() > 1) return;
    if (Date.now() - lastCaptureMs < limits.atMostEveryMs) return;
    const why = whyCapture(reading, limits);
    if (why === undefined) return;
    lastCaptureMs = Date.now();
    captures++;
    guarded("starting a heap profile", () => setHeap(settings.heap !== "off"));
    nextWindow(beginCapture(why, limits.durationMs, identity, reportCapture));
  }

  setHeap(settings.heap === "always");
  schedule();
  const checkTimer =
    settings.capture === undefined
      ? undefined
      : setInterval(() => guarded("reading the load", check), settings.capture.checkEveryMs).unref();

  async function pushAll(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    await Promise.all(encoding);
    await queue.flush(Math.max(0, deadline - Date.now()));
    await reports.flush(Math.max(0, deadline - Date.now()));
  }

  return {
    flush: async (ms) => {
      if (!stopped) nextWindow(capture);
      await pushAll(ms);
    },
    stop: async (ms) => {
      if (stopped) return;
      stopped = true;
      clearTimeout(windowTimer);
      clearInterval(checkTimer);
      guarded("collecting the last profile", () => takeWindow(profiler.stop(), capture));
      guarded("taking the last heap profile", () => {
        takeHeap();
        setHeap(false);
      });
      capture?.end();
      await pushAll(ms);
      queue.close();
      reports.close();
    },
    stats: () => ({
      captures,
      capturing: capture?.why ?? "",
      ownShare: throttle.share(),
      sampleRateHz: rate(),
    }),
  };
}
