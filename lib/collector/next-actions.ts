/** Which actions are due, over all targets: what schedule.ts knows of each, held against each other. */
import type { TargetInput } from "@/lib/api/targets-contract";
import { type Action, type Schedule, STREAMS, type StreamName } from "@/lib/collector/schedule";

export interface Scheduled {
  readonly id: string;
  readonly target: TargetInput;
  readonly schedule: Schedule;
}

/** A trigger that could not be followed for so long says nothing about now. */
const WANTED_MS = 120_000;
/** Requests of all targets that are under way at once. */
const MAX_RUNNING = 64;

/** Those that are due now. No two of them, nor one of them and what is running, profile the CPU of one process. */
export function nextActions(nowMs: number, all: readonly Scheduled[]): { id: string; action: Action }[] {
  const profiled = new Set(
    all.filter(({ schedule }) => usesCpuProfile(schedule)).map(({ target }) => processOf(target.url)),
  );
  let room = MAX_RUNNING - all.reduce((sum, { schedule }) => sum + schedule.running.size, 0);
  const actions: { id: string; action: Action }[] = [];
  for (const { id, schedule, target } of all) {
    const due = dueActions(nowMs, target, schedule, profiled.has(processOf(target.url)));
    for (const action of due.slice(0, Math.max(0, room))) {
      if (action.kind === "cpu" || action.kind === "capture") profiled.add(processOf(target.url));
      actions.push({ id, action });
      room--;
    }
  }
  return actions;
}

function dueActions(nowMs: number, target: TargetInput, schedule: Schedule, isProfiled: boolean): Action[] {
  const { requests, running, wanted } = schedule;
  const [request] = requests;
  // Somebody waits for it, and is told when it fails.
  if (request !== undefined && !isProfiled) {
    return [{ kind: "capture", seconds: request.seconds, cause: { kind: "request", request } }];
  }
  if (target.paused || nowMs < schedule.restUntilMs) return [];
  const isWanted = wanted !== undefined && nowMs - wanted.atMs <= WANTED_MS;
  const due = STREAMS.filter(
    (name) => isOn(target, name) && !running.has(name) && schedule.streams[name].nextAtMs <= nowMs,
  );
  const actions = due.flatMap((name): Action[] => {
    // A capture takes these itself; one that is wanted comes before the next window.
    if (running.has("capture") && (name === "heap" || name === "goroutine")) return [];
    if (name !== "cpu") return [{ kind: name }];
    return isProfiled || isWanted ? [] : [{ kind: "cpu", seconds: target.cpu.seconds }];
  });
  if (isWanted && !isProfiled) {
    actions.push({
      kind: "capture",
      seconds: target.adaptive.captureSeconds,
      cause: { kind: "trigger", trigger: wanted.trigger },
    });
  }
  // After a failure one request tells as much as five.
  return schedule.failures === 0 ? actions : running.size > 0 ? [] : actions.slice(0, 1);
}

/** Host and port: one process, whatever the targets that name it are called. Aliases are told apart by their address. */
export function processOf(url: string): string {
  const { host, port, protocol } = new URL(url);
  const full = port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host;
  return full.replace(/^(localhost|\[::1\]):/, "127.0.0.1:");
}

function usesCpuProfile({ running }: Schedule): boolean {
  return running.has("cpu") || running.has("capture");
}

function isOn(target: TargetInput, name: StreamName): boolean {
  return name === "usage" || target[name].on;
}
