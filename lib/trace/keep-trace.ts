/** What the rules of tail-based sampling ask of a whole trace. */
export interface TraceFacts {
  readonly hasError: boolean;
  readonly hasServerError: boolean;
  /** From its first span's start to its last span's end. */
  readonly durationNs: number;
  readonly hasProfile: boolean;
  /** Of the recorded sample data, which are never thinned. */
  readonly isSample: boolean;
  /** Where the trace falls between 0 and 1, by its id alone: the same for every span and each time it is asked. */
  readonly place: number;
}

export interface KeepRules {
  readonly enabled: boolean;
  readonly keepErrors: boolean;
  readonly keepServerErrors: boolean;
  readonly keepSlowerThanMs: number | null;
  readonly keepProfiled: boolean;
  /** Of the rest, 0 to 100. */
  readonly keepPercent: number;
}

export type Verdict = {
  readonly kept: boolean;
  /** Of traces like this one, how many are kept: 1 where a rule keeps them all. */
  readonly keptShare: number;
};

const ALWAYS: Verdict = { kept: true, keptShare: 1 };

/** Whole traces: some rule keeps it, or it belongs to the share of the rest. */
export function keepTrace(trace: TraceFacts, rules: KeepRules): Verdict {
  if (!rules.enabled || trace.isSample) return ALWAYS;
  if (rules.keepErrors && trace.hasError) return ALWAYS;
  if (rules.keepServerErrors && trace.hasServerError) return ALWAYS;
  if (rules.keepProfiled && trace.hasProfile) return ALWAYS;
  if (rules.keepSlowerThanMs !== null && trace.durationNs > rules.keepSlowerThanMs * 1e6) return ALWAYS;
  const keptShare = rules.keepPercent / 100;
  return { kept: trace.place < keptShare, keptShare };
}
