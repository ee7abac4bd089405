/** Runs the schedule of all targets: asks the ledger what there is, starts what is due, notes what came of it. */
import { randomUUID } from "node:crypto";
import type { Capture, Target, UsageReading } from "@/lib/api/targets-contract";
import { judgeUsage, type Look, type ProfiledCpu, readUsage } from "@/lib/collector/judge-usage";
import { lookAtTarget } from "@/lib/collector/look-at-target";
import { nextActions } from "@/lib/collector/next-actions";
import type { Clock, Ledger } from "@/lib/collector/parts";
import {
  type Action,
  addRequest,
  begin,
  type Cause,
  finish,
  noticeTrigger,
  type Outcome,
  type Schedule,
  startSchedule,
} from "@/lib/collector/schedule";
import {
  type Baselines,
  instanceOf,
  type Scraped,
  type ScrapeParts,
  scrapeCpu,
  scrapeSnapshot,
} from "@/lib/collector/scrape-profile";
import { takeCapture } from "@/lib/collector/take-capture";
import { type LastProfile, toTargetState } from "@/lib/collector/target-state";
import { createTurns } from "@/lib/take-turns";
import { unixNanoFromMillis } from "@/lib/units";

export interface CollectorParts extends Omit<ScrapeParts, "now"> {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** For what the operator should know, a line each. */
  readonly log: (line: string) => void;
}

export interface Collector {
  /** Starts what is due; returns without waiting for it. */
  tick(): Promise<void>;
  /** Waits for what was started. */
  settle(): Promise<void>;
  /** Ticks until the signal, then ends what is under way. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends what is under way: captures are written down as interrupted. */
  stop(): Promise<void>;
}

const TICK_MS = 1_000;

/** What is known of one target while it is one. */
interface Worked {
  target: Target;
  schedule: Schedule;
  readonly baselines: Baselines;
  readonly ended: AbortController;
  look: Look | undefined;
  profiled: ProfiledCpu | undefined;
  reading: UsageReading | undefined;
  lastProfile: LastProfile | undefined;
  /** Since the state was last written. */
  isChanged: boolean;
  /** Scrapes of one kind follow each other: each is the next one's base. */
  readonly takeTurn: ReturnType<typeof createTurns>;
}

export function createCollector(parts: CollectorParts): Collector {
  const { clock, ledger, log } = parts;
  const worked = new Map<string, Worked>();
  const underWay = new Set<Promise<void>>();
  /** Begun here, while the ledger may still call them requested. */
  const taken = new Set<string>();
  const random = () => clock.random();
  const scrapeParts: ScrapeParts = { ...parts, now: () => clock.now() };
  let isHeld = false;
  let isStopped = false;

  async function tick(): Promise<void> {
    if (isStopped) return;
    if (!(await ledger.hold())) return letGo();
    if (!isHeld) {
      isHeld = true;
      await ledger.closeLeftovers();
    }
    await reconcile();
    const nowMs = clock.now();
    for (const { action, id } of nextActions(
      nowMs,
      [...worked].map(([id, one]) => ({ id, ...one })),
    )) {
      const one = worked.get(id);
      if (one !== undefined) start(one, action, nowMs);
    }
    await writeStates();
  }

  /** Somebody else collects: whatever is under way here would be the second profile of its process. */
  async function letGo(): Promise<void> {
    isHeld = false;
    for (const one of worked.values()) one.ended.abort();
    worked.clear();
  }

  async function reconcile(): Promise<void> {
    const targets = await ledger.findTargets();
    const ids = new Set(targets.map(({ id }) => id));
    for (const [id, one] of worked) {
      if (ids.has(id)) continue;
      one.ended.abort();
      worked.delete(id);
    }
    const unknown = targets.some(({ id }) => !worked.has(id));
    const lastCaptures = unknown ? await ledger.findLastCaptures() : new Map<string, number>();
    for (const target of targets) {
      const one = worked.get(target.id);
      if (one === undefined || one.target.url !== target.url || one.target.service !== target.service) {
        one?.ended.abort(); // another process: nothing that is known of the old one holds
        worked.set(
          target.id,
          begun(target, clock.now(), random, lastCaptures.get(target.id) ?? one?.schedule.lastCaptureAtMs),
        );
      } else one.target = target;
    }
    if (targets.length === 0) return;
    for (const { id, seconds, targetId } of await ledger.findRequests()) {
      const one = worked.get(targetId ?? "");
      if (one !== undefined && !taken.has(id))
        one.schedule = addRequest(one.schedule, { captureId: id, seconds });
    }
  }

  function start(one: Worked, action: Action, nowMs: number): void {
    one.schedule = begin(one.schedule, action, one.target, nowMs, random);
    one.isChanged = true;
    const ended = perform(one, action)
      .catch((error: unknown): Outcome => {
        const message = error instanceof Error ? error.message : String(error);
        log(`Collecting ${action.kind} of ${one.target.service} failed: ${message}`);
        return { kind: "failed", message: `Collecting failed: ${message}` };
      })
      .then((outcome) => {
        one.schedule = finish(one.schedule, action.kind, outcome, one.target, clock.now(), random);
        one.isChanged = true;
        underWay.delete(ended);
      });
    underWay.add(ended);
  }

  function perform(one: Worked, action: Action): Promise<Outcome> {
    switch (action.kind) {
      case "usage":
        return performLook(one);
      case "cpu":
        return scrapeOwnCpu(one, action.seconds).then(({ outcome }) => outcome);
      case "capture":
        return performCapture(one, action.seconds, action.cause);
      case "heap":
      case "goroutine":
      case "mutex":
      case "block":
        return scrapeOwnSnapshot(one, action.kind).then(({ outcome }) => outcome);
    }
  }

  async function performLook(one: Worked): Promise<Outcome> {
    const { look, outcome } = await lookAtTarget(scrapeParts, one.target, one.ended.signal);
    if (outcome.kind !== "ok") return outcome;
    const nowMs = clock.now();
    const reading = readUsage(one.target, nowMs, one.look, look, one.profiled);
    one.look = look;
    one.reading = reading;
    const trigger = judgeUsage(one.target, reading);
    if (trigger !== undefined) one.schedule = noticeTrigger(one.schedule, trigger, one.target, nowMs);
    return outcome;
  }

  async function scrapeOwnCpu(one: Worked, seconds: number): Promise<Scraped> {
    const scraped = await scrapeCpu(scrapeParts, one.target, seconds, one.ended.signal);
    const cpuNs = scraped.stored?.totals.get("cpu");
    if (cpuNs !== undefined) one.profiled = { atMs: clock.now(), cores: cpuNs / (seconds * 1e9) };
    noteProfile(one, "cpu", scraped);
    return scraped;
  }

  function scrapeOwnSnapshot(one: Worked, kind: "heap" | "goroutine" | "mutex" | "block"): Promise<Scraped> {
    const scraped = one.takeTurn(() =>
      scrapeSnapshot(scrapeParts, one.target, kind, one.baselines, one.ended.signal),
    );
    return scraped.then((result) => {
      noteProfile(one, kind, result);
      return result;
    });
  }

  function noteProfile(one: Worked, kind: LastProfile["kind"], { stored }: Scraped): void {
    if (stored === undefined || stored.profileId === "") return;
    one.lastProfile = { kind, atMs: clock.now(), profileId: stored.profileId };
  }

  function performCapture(one: Worked, seconds: number, cause: Cause): Promise<Outcome> {
    if (cause.kind === "request") taken.add(cause.request.captureId);
    const nowUnixNano = () => String(unixNanoFromMillis(clock.now()));
    return takeCapture(
      {
        write: (capture) => ledger.writeCapture(capture),
        scrape: (kind) => (kind === "cpu" ? scrapeOwnCpu(one, seconds) : scrapeOwnSnapshot(one, kind)),
        wait: (ms) => clock.wait(ms, one.ended.signal),
        isStopping: () => one.ended.signal.aborted,
        nowUnixNano,
      },
      one.target,
      describeCapture(one.target, seconds, cause, nowUnixNano()),
    );
  }

  async function writeStates(): Promise<void> {
    const nowMs = clock.now();
    for (const one of worked.values()) {
      if (!one.isChanged) continue;
      one.isChanged = false;
      await ledger.writeState(one.target.id, toTargetState(one, nowMs));
    }
  }

  async function settle(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }

  async function stop(): Promise<void> {
    if (isStopped) return;
    isStopped = true;
    for (const one of worked.values()) one.ended.abort();
    await settle();
    await ledger.release();
  }

  return {
    tick,
    settle,
    stop,
    run: async (signal) => {
      let complained = "";
      while (!signal.aborted) {
        const complaint = await tick().then(
          () => "",
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        if (complaint !== "" && complaint !== complained) log(`The collector waits: ${complaint}`);
        complained = complaint;
        await clock.wait(TICK_MS, signal);
      }
      await stop();
    },
  };
}

function begun(
  target: Target,
  nowMs: number,
  random: () => number,
  lastCaptureAtMs: number | undefined,
): Worked {
  return {
    target,
    schedule: startSchedule(nowMs, random, lastCaptureAtMs),
    baselines: new Map(),
    ended: new AbortController(),
    look: undefined,
    profiled: undefined,
    reading: undefined,
    lastProfile: undefined,
    isChanged: true,
    takeTurn: createTurns(),
  };
}

function describeCapture(target: Target, seconds: number, cause: Cause, startUnixNano: string): Capture {
  const isTrigger = cause.kind === "trigger";
  return {
    id: isTrigger ? randomUUID() : cause.request.captureId,
    targetId: target.id,
    service: target.service,
    instance: instanceOf(target.url),
    trigger: isTrigger ? cause.trigger.trigger : "manual",
    reason: isTrigger ? cause.trigger.reason : "Asked for by hand.",
    reading: isTrigger ? cause.trigger.reading : null,
    seconds,
    state: "requested",
    message: "",
    startUnixNano,
    endUnixNano: null,
    profiles: [],
  };
}
