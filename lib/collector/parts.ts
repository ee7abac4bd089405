/** What the collector needs of the process that it runs in. */
import type { Capture, ProfileKind, Target, TargetState } from "@/lib/api/targets-contract";
import type { UnixNano } from "@/lib/units";

/** One answer of /debug/pprof. */
export interface Scrape {
  readonly kind: ProfileKind;
  /** A pprof, gzipped or not, as it came. */
  readonly bytes: Uint8Array;
  readonly service: string;
  /** `host:port`. */
  readonly instance: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly atUnixNano: UnixNano;
}

export interface StoredProfile {
  /** "" when there was nothing in it to store. */
  readonly profileId: string;
  /** Sums over its samples, by type. */
  readonly totals: ReadonlyMap<string, number>;
}

/** Where profiles go: the store of this process, or another Hotspan. */
export interface ProfileSink {
  /**
   * A profile of its own: of CPU, or of goroutines.
   * @throws HotspanError `invalid-input` when it is none, `unavailable` when it cannot be stored
   */
  store(scrape: Scrape): Promise<StoredProfile>;
  /**
   * What happened between two scrapes of one process: of counters their difference, of states the later one. The same
   * scrape twice therefore stores the states alone, which is what a first scrape tells.
   * @throws as above
   */
  storeDifference(previous: Scrape, current: Scrape): Promise<StoredProfile>;
}

/** Where targets, their state and captures are kept. */
export interface Ledger {
  /** Takes or keeps the right to be the one that collects. @returns false while somebody else has it */
  hold(): Promise<boolean>;
  release(): Promise<void>;
  findTargets(): Promise<readonly Target[]>;
  /** Captures that were asked for and not begun. */
  findRequests(): Promise<readonly Capture[]>;
  /** Begin of the last triggered capture of each target, in Unix milliseconds. */
  findLastCaptures(): Promise<ReadonlyMap<string, number>>;
  writeState(targetId: string, state: TargetState): Promise<void>;
  /** Writes a capture down, or over. */
  writeCapture(capture: Capture): Promise<void>;
  /** Captures that a collector before this one left running. */
  closeLeftovers(): Promise<void>;
}

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** 0 <= x < 1 */
  random(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
