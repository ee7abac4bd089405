/**
 * When what of one target is to be done, as a pure function of the time and of what was done: no timers, no requests. Whoever
 * runs it calls `nextActions` (next-actions.ts), tells `begin` of each action that it starts and `finish` of each that ends.
 *
 *     usage   ·    ·    ·    ·    ·    ·        every 15 s
 *     cpu     ▇▇▇                 ▇▇▇           10 s each minute, never two at once of one process
 *     heap    ·                    ·            and goroutine, mutex, block
 *     capture        ▇▇▇▇▇▇▇▇▇                  when a reading is above its threshold, then a rest
 */
import { SNAPSHOT_KINDS, type SnapshotKind, type TargetInput } from "@/lib/api/targets-contract";
import type { Trigger } from "@/lib/collector/judge-usage";

export type StreamName = "usage" | "cpu" | SnapshotKind;
export const STREAMS: readonly StreamName[] = ["usage", "cpu", ...SNAPSHOT_KINDS];

export interface Request {
  readonly captureId: string;
  readonly seconds: number;
}
/** Why a capture is taken: a reading, or somebody who asked. */
export type Cause =
  | { readonly kind: "trigger"; readonly trigger: Trigger }
  | { readonly kind: "request"; readonly request: Request };

export type Action =
  | { readonly kind: "usage" }
  | { readonly kind: "cpu"; readonly seconds: number }
  | { readonly kind: SnapshotKind }
  | { readonly kind: "capture"; readonly seconds: number; readonly cause: Cause };

export type Outcome =
  | { readonly kind: "ok" }
  /** It worked, and the target took too long over it. */
  | { readonly kind: "slow"; readonly message: string }
  | { readonly kind: "busy" | "missing" | "refused"; readonly message: string }
  /** With a status it answered, so that only this kind of request is the trouble. */
  | { readonly kind: "failed"; readonly message: string; readonly status?: number };

interface Stream {
  readonly nextAtMs: number;
  /** Since when another profiler of the process is in the way. */
  readonly busySinceMs?: number;
  /** In a row, of this kind. */
  readonly failures?: number;
}

/** Instants in Unix milliseconds. */
export interface Schedule {
  readonly streams: Readonly<Record<StreamName, Stream>>;
  readonly running: ReadonlySet<Action["kind"]>;
  /** In a row, of the whole target: it did not answer, or too slowly. */
  readonly failures: number;
  readonly restUntilMs: number;
  readonly restReason: string;
  readonly isRefused: boolean;
  readonly wanted: { readonly trigger: Trigger; readonly atMs: number } | undefined;
  readonly requests: readonly Request[];
  /** Of the last triggered one: its begin. */
  readonly lastCaptureAtMs: number | undefined;
  readonly problems: ReadonlyMap<StreamName | "capture", string>;
}

/** 0 <= x < 1. */
export type Random = () => number;

/** A new target shows something within this; many at once do not all begin in the same instant. */
const FIRST_MS = 5_000;
const BUSY_RETRY_MS = 5_000;
const ABSENT_RETRY_MS = 600_000;
const FIRST_REST_MS = 15_000;
export const LONGEST_REST_MS = 600_000;
export function startSchedule(nowMs: number, random: Random, lastCaptureAtMs: number | undefined): Schedule {
  const first = () => ({ nextAtMs: nowMs + random() * FIRST_MS });
  return {
    streams: {
      usage: { nextAtMs: nowMs },
      cpu: first(),
      heap: first(),
      goroutine: first(),
      mutex: first(),
      block: first(),
    },
    running: new Set(),
    failures: 0,
    restUntilMs: 0,
    restReason: "",
    isRefused: false,
    wanted: undefined,
    requests: [],
    lastCaptureAtMs,
    problems: new Map(),
  };
}

export function begin(
  schedule: Schedule,
  action: Action,
  target: TargetInput,
  nowMs: number,
  random: Random,
): Schedule {
  const running = new Set([...schedule.running, action.kind]);
  if (action.kind !== "capture") {
    const nextAtMs = nowMs + spread(everyMs(target, action.kind), random);
    return {
      ...schedule,
      running,
      streams: { ...schedule.streams, [action.kind]: { ...schedule.streams[action.kind], nextAtMs } },
    };
  }
  const { cause } = action;
  // What a capture shows, a window and two readings need not show again.
  const later = (name: StreamName) => {
    const stream = schedule.streams[name];
    return { ...stream, nextAtMs: Math.max(stream.nextAtMs, nowMs + spread(everyMs(target, name), random)) };
  };
  return {
    ...schedule,
    running,
    streams: { ...schedule.streams, cpu: later("cpu"), heap: later("heap"), goroutine: later("goroutine") },
    ...(cause.kind === "trigger" ? { wanted: undefined, lastCaptureAtMs: nowMs } : {}),
    ...(cause.kind === "request"
      ? { requests: schedule.requests.filter(({ captureId }) => captureId !== cause.request.captureId) }
      : {}),
  };
}

export function finish(
  schedule: Schedule,
  kind: Action["kind"],
  outcome: Outcome,
  target: TargetInput,
  nowMs: number,
  random: Random,
): Schedule {
  const ended: Schedule = {
    ...schedule,
    running: new Set([...schedule.running].filter((one) => one !== kind)),
    problems: withProblem(schedule.problems, kind, outcome),
  };
  // What comes in while a target rests was begun before: it says nothing against the rest.
  const awake =
    nowMs < ended.restUntilMs ? ended : { ...ended, failures: 0, restReason: "", isRefused: false };
  switch (outcome.kind) {
    case "ok":
      return withStream(awake, kind, ({ nextAtMs }) => ({ nextAtMs }));
    case "missing":
      return withStream(awake, kind, () => ({ nextAtMs: nowMs + spread(ABSENT_RETRY_MS, random) }));
    case "busy":
      return withStream(awake, kind, (stream) => waitForProfiler(stream, target, nowMs, random));
    case "slow":
      return restTarget(ended, outcome, nowMs, random);
    case "refused":
    case "failed": {
      const failed = withStream(ended, kind, ({ failures = 0, nextAtMs }) => ({
        failures: failures + 1,
        nextAtMs: Math.max(nextAtMs, nowMs + restMs(failures + 1, random)),
      }));
      const isOfKind = outcome.kind === "failed" && outcome.status !== undefined;
      return isOfKind ? failed : restTarget(failed, outcome, nowMs, random);
    }
  }
}

function restTarget(
  schedule: Schedule,
  { kind, message }: Exclude<Outcome, { kind: "ok" }>,
  nowMs: number,
  random: Random,
): Schedule {
  // Several that were under way fail together, and are one reason to rest.
  if (nowMs < schedule.restUntilMs) return schedule;
  const failures = schedule.failures + 1;
  return {
    ...schedule,
    failures,
    restUntilMs: nowMs + restMs(failures, random),
    restReason: message,
    isRefused: kind === "refused",
  };
}

function restMs(failures: number, random: Random): number {
  return spread(Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (failures - 1)), random);
}

/** A reading was above its threshold. Nothing changes within the rest after a capture. */
export function noticeTrigger(
  schedule: Schedule,
  trigger: Trigger,
  { adaptive }: TargetInput,
  nowMs: number,
): Schedule {
  const rested =
    schedule.lastCaptureAtMs === undefined ||
    nowMs - schedule.lastCaptureAtMs >= adaptive.atMostEverySeconds * 1_000;
  return rested ? { ...schedule, wanted: { trigger, atMs: nowMs } } : schedule;
}

export function addRequest(schedule: Schedule, request: Request): Schedule {
  const isKnown = schedule.requests.some(({ captureId }) => captureId === request.captureId);
  return isKnown ? schedule : { ...schedule, requests: [...schedule.requests, request] };
}

function everyMs(target: TargetInput, name: StreamName): number {
  return 1_000 * (name === "usage" ? target.adaptive.readEverySeconds : target[name].everySeconds);
}

/** A twentieth more at most, never less: so many processes do not fall into step, and the share of time stays what was asked for. */
function spread(ms: number, random: Random): number {
  return ms * (1 + random() / 20);
}

/** Again in a few seconds for as long as one window lasts, then in the next one: somebody else's profile is no failure. */
function waitForProfiler(stream: Stream, target: TargetInput, nowMs: number, random: Random): Stream {
  const busySinceMs = stream.busySinceMs ?? nowMs;
  const retryAtMs = nowMs + BUSY_RETRY_MS * (1 + random());
  const isOver = retryAtMs - busySinceMs >= everyMs(target, "cpu");
  return isOver
    ? { nextAtMs: nowMs + spread(everyMs(target, "cpu"), random) }
    : { nextAtMs: retryAtMs, busySinceMs };
}

/** A capture has no stream of its own. */
function withStream(schedule: Schedule, kind: Action["kind"], change: (stream: Stream) => Stream): Schedule {
  if (kind === "capture") return schedule;
  return { ...schedule, streams: { ...schedule.streams, [kind]: change(schedule.streams[kind]) } };
}

function withProblem(
  problems: Schedule["problems"],
  kind: Action["kind"],
  outcome: Outcome,
): ReadonlyMap<StreamName | "capture", string> {
  const next = new Map(problems);
  if (outcome.kind === "ok") next.delete(kind);
  else next.set(kind, outcome.message);
  return next;
}
