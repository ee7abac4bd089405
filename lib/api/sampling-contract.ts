/** GET and PUT /api/v1/sampling: which traces are kept. */
import { z } from "zod";

export const samplingRules = z.strictObject({
  /** Off keeps every trace, at once. */
  enabled: z.boolean(),
  /** A trace is decided when nothing of it has come for so many seconds; until then it is not listed. */
  quietSeconds: z.number().int().min(5).max(600),
  /** Kept whole, whatever the share: traces with a span in error, with an HTTP status of 500 and more, ... */
  keepErrors: z.boolean(),
  keepServerErrors: z.boolean(),
  /** ... that last longer than so many milliseconds (null: none for that), ... */
  keepSlowerThanMs: z.number().int().min(0).max(86_400_000).nullable(),
  /** ... or that a profile has samples of, or was captured for. */
  keepProfiled: z.boolean(),
  /** Of the rest, in percent. */
  keepPercent: z.number().min(0).max(100),
});

export const DEFAULT_SAMPLING: SamplingRules = {
  enabled: false,
  quietSeconds: 60,
  keepErrors: true,
  keepServerErrors: true,
  keepSlowerThanMs: 2_000,
  keepProfiled: true,
  keepPercent: 10,
};

export const samplingResponse = z.object({
  rules: samplingRules,
  /** Traces that wait for their decision. */
  waitingTraces: z.number().int().nonnegative(),
  /** Requests (entry spans) of dropped traces in the last 24 hours, by service; they are counted wherever requests are. */
  dropped: z.array(z.object({ service: z.string(), requests: z.number(), errors: z.number() })),
});

export type SamplingRules = z.infer<typeof samplingRules>;
export type SamplingResponse = z.infer<typeof samplingResponse>;
