import { time } from "@datadog/pprof";
import type { LabelSink } from "./active-labels";
import { type Holder, labelsOf, NOTHING } from "./span-holders";

type Profile = ReturnType<typeof time.stop>;

/** One window of samples, and what collecting it cost the program. */
export interface Window {
  readonly profile: Profile;
  readonly startMs: number;
  readonly mainThreadMs: number;
}

export interface WallProfiler {
  readonly sink: LabelSink;
  /** @throws Error when the profiler cannot be had */
  readonly start: (rateHz: number) => void;
  /** Ends a window; the next begins at once, at the given rate. */
  readonly rotate: (rateHz: number) => Window;
  /** Ends the last window. */
  readonly stop: () => Window;
}

/** Few values on many samples: the encoder keeps one object for each. */
const FEW_VALUES = ["endpoint"];

/** @param longestWindowMs the profiler reserves room for the samples of one window */
export function createWallProfiler(longestWindowMs: number): WallProfiler {
  let startMs = 0;
  let rate = 0;
  let followsAwait: boolean | undefined;
  // What the profiler was told last: most callbacks in a row are of one span. A new window is told again.
  let current: object | undefined;

  function start(rateHz: number): void {
    const options = {
      intervalMicros: Math.round(1_000_000 / rateHz),
      durationMillis: longestWindowMs,
      withContexts: true,
      collectCpuTime: process.platform !== "win32",
    };
    if (followsAwait === undefined) {
      followsAwait = startFollowing(options);
      if (!followsAwait) time.start(options);
    } else {
      time.start({ ...options, useCPED: followsAwait });
    }
    rate = rateHz;
    startMs = Date.now();
  }

  function collect(restart: boolean): Window {
    const windowStart = startMs;
    const began = performance.now();
    const cpu = process.cpuUsage();
    const profile = time.stop(restart, labelsOfSample, FEW_VALUES);
    const passed = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    current = undefined;
    startMs = Date.now();
    // On a machine with too few cores the time that passed is mostly others'; CPU time may hold other threads'.
    return { profile, startMs: windowStart, mainThreadMs: Math.min(passed, (user + system) / 1_000) };
  }

  return {
    sink: {
      isOn: time.isStarted,
      followsAwait: () => followsAwait === true,
      get: () => current,
      set: (holder) => {
        if (holder === current) return;
        current = holder;
        time.setContext(holder);
      },
      run: (holder, work) => time.runWithContext(holder, work),
    },
    start,
    rotate: (rateHz) => {
      if (rateHz === rate) return collect(true);
      const window = collect(false);
      start(rateHz);
      return window;
    },
    stop: () => collect(false),
  };
}

/**
 * Whether this process keeps the async context where the profiler reads it is asked of the profiler, not of Node's
 * version: flags and NODE_OPTIONS turn it on in Node 22 and off in Node 24, and a profiler that may not follow starts all
 * the same there and labels nothing.
 */
function startFollowing(options: Parameters<typeof time.start>[0]): boolean {
  try {
    time.start({ ...options, useCPED: true });
  } catch (error) {
    if (time.isStarted() || !(error instanceof Error && error.message.includes("CPED"))) throw error;
    return false;
  }
  const probe = {};
  if (time.runWithContext(probe, () => time.getContext()) === probe) return true;
  time.stop();
  return false;
}

const labelsOfSample: Parameters<typeof time.stop>[1] = ({ context }) =>
  labelsOf((context?.context ?? NOTHING) as Holder);
