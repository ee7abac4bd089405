import type { ProfileKind, Target, TargetState, UsageReading } from "@/lib/api/targets-contract";
import type { Schedule } from "@/lib/collector/schedule";
import { unixNanoFromMillis } from "@/lib/units";

export interface LastProfile {
  readonly kind: ProfileKind;
  readonly atMs: number;
  readonly profileId: string;
}

interface Known {
  readonly target: Target;
  readonly schedule: Schedule;
  readonly reading: UsageReading | undefined;
  readonly lastProfile: LastProfile | undefined;
}

/** What the settings page shows of a target while the collector works on it. */
export function toTargetState({ lastProfile, reading, schedule, target }: Known, nowMs: number): TargetState {
  const { failures, lastCaptureAtMs, problems, restReason, restUntilMs, streams } = schedule;
  const isResting = restUntilMs > nowMs;
  const nextCpuMs = Math.max(streams.cpu.nextAtMs, restUntilMs);
  return {
    phase: phaseOf(schedule, isResting),
    atUnixNano: nano(nowMs),
    lastProfile:
      lastProfile === undefined
        ? null
        : { kind: lastProfile.kind, profileId: lastProfile.profileId, atUnixNano: nano(lastProfile.atMs) },
    reading: reading ?? null,
    nextCpuUnixNano: target.paused || !target.cpu.on ? null : nano(nextCpuMs),
    backingOff: isResting ? { untilUnixNano: nano(restUntilMs), failures, reason: restReason } : null,
    lastCaptureUnixNano: lastCaptureAtMs === undefined ? null : nano(lastCaptureAtMs),
    problems: [...problems].map(([kind, message]) => ({ kind, message })),
  };
}

function phaseOf({ isRefused, running }: Schedule, isResting: boolean): TargetState["phase"] {
  if (running.has("capture")) return "capturing";
  if (isRefused) return "refused";
  if (isResting) return "backing-off";
  return running.has("cpu") ? "profiling" : "idle";
}

function nano(ms: number): string {
  return String(unixNanoFromMillis(ms));
}
