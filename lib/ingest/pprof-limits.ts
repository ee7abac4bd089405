/** What one pprof may cost us. Every limit is checked before the memory or time it bounds is spent. */
export interface PprofLimits {
  /** After inflation, in bytes. */
  readonly maxBytes: number;
  readonly maxSamples: number;
  /** Fields and values of the whole message: a million samples with three labels each have eleven million. */
  readonly maxFields: number;
  /** Locations of all samples together. */
  readonly maxLocations: number;
  /** Bytes of one string. Names of C++ templates reach some thousands. */
  readonly maxStringBytes: number;
  readonly maxLabelsPerSample: number;
  /** Frames of all distinct stacks after inlined calls are spelled out. */
  readonly maxFrames: number;
}

export const PPROF_LIMITS: PprofLimits = {
  maxBytes: 67_108_864,
  maxSamples: 1_000_000,
  maxFields: 12_000_000,
  maxLocations: 24_000_000,
  maxStringBytes: 65_536,
  maxLabelsPerSample: 64,
  maxFrames: 24_000_000,
};
