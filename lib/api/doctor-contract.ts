/** GET /api/v1/doctor?service&from&to&trace_id: why samples and spans do not meet. */
import { z } from "zod";
import { FINDING_CODES, SELECTION_CODES } from "@/lib/diagnosis/reason";

const unixNano = z.string().regex(/^\d{1,19}$/);
const count = z.number().int().nonnegative();
const ns = z.number().nonnegative();

export const findingCode = z.enum(FINDING_CODES);
/** Of an empty flame graph: `emptyCode` and `noSamplesCode` of the other answers. */
export const reasonCode = z.enum([...FINDING_CODES, ...SELECTION_CODES]);

export const doctorService = z.object({
  service: z.string(),
  /** telemetry.sdk.language of its spans, "" when unknown */
  language: z.string(),
  /** samples of a clock (CPU, wall) whose window began in the range; captures of whole processes left out */
  samples: count,
  /** of those, with a trace or span id, with a span id, with an endpoint */
  labelled: count,
  withSpan: count,
  withEndpoint: count,
  /** labelled samples whose span is stored; of those that name no span, whose trace is */
  met: count,
  profiles: count,
  spans: count,
  /** entry spans and their time; of those, what overlaps a profile of the service */
  requests: count,
  requestNs: ns,
  coveredRequests: count,
  coveredNs: ns,
  /** covered requests long enough that a busy one has several samples, and those of them that have any */
  longRequests: count,
  sampledRequests: count,
  verdict: z.enum(["healthy", "impaired", "broken", "unprofiled", "none"]),
  sentence: z.string(),
});

export const doctorFix = z.object({
  language: z.enum(["go", "nodejs", "shell", "text"]),
  text: z.string(),
  /** "" where there is nothing to paste */
  snippet: z.string(),
});

export const doctorFinding = z.object({
  code: findingCode,
  /** error: hardly anything meets; warning: much is lost; note: in the nature of sampling, or too little to matter */
  severity: z.enum(["error", "warning", "note"]),
  service: z.string(),
  sentence: z.string(),
  count,
  of: count,
  unit: z.enum(["samples", "labelled samples", "requests", "profiles"]),
  /** what it costs, estimated where nothing was sampled; faults come in this order */
  lostSamples: count,
  /** a few, for links */
  traceIds: z.array(z.string()),
  /** labels, services or types that show it */
  evidence: z.array(z.string()),
  fixes: z.array(doctorFix),
});

export const doctorResponse = z.object({
  fromUnixNano: unixNano,
  toUnixNano: unixNano,
  /** what of the range was not looked at, in one sentence; null when all was */
  cut: z.string().nullable(),
  services: z.array(doctorService),
  findings: z.array(doctorFinding),
  /** of trace_id: its own CPU samples, and why there are none; null without the parameter */
  trace: z
    .object({
      traceId: z.string(),
      sampleCount: count,
      code: reasonCode.nullable(),
      sentence: z.string().nullable(),
      /** empty where there is nothing to mend */
      fixes: z.array(doctorFix),
    })
    .nullable(),
});

export type DoctorService = z.infer<typeof doctorService>;
export type DoctorFinding = z.infer<typeof doctorFinding>;
export type DoctorFix = z.infer<typeof doctorFix>;
export type DoctorResponse = z.infer<typeof doctorResponse>;
