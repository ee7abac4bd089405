/**
 * Scrape targets and captures of the collector as Zod schemas: the HTTP interface, the YAML file and the settings page
 * say the same thing in the same words. Numbers are in the unit that their name ends with.
 */
import { z } from "zod";

const unixNano = z.string().regex(/^\d{1,19}$/);
const seconds = (least: number, most: number) =>
  z
    .number("is a number of seconds")
    .int("is a whole number of seconds")
    .min(least, `is at least ${least}`)
    .max(most, `is at most ${most}`);

/** The profiles under /debug/pprof that are read beside CPU. */
export const SNAPSHOT_KINDS = ["heap", "goroutine", "mutex", "block"] as const;
export const profileKind = z.enum(["cpu", ...SNAPSHOT_KINDS]);

const snapshot = z.strictObject({
  on: z.boolean().default(true),
  everySeconds: seconds(10, 86_400).default(60),
});

const cpuWindow = z
  .strictObject({
    on: z.boolean().default(true),
    /** length of one window */
    seconds: seconds(1, 60).default(10),
    everySeconds: seconds(10, 86_400).default(60),
  })
  .refine((window) => window.seconds <= window.everySeconds, {
    path: ["seconds"],
    message: "is at most everySeconds: two windows of a process must not overlap",
  });

const adaptive = z.strictObject({
  on: z.boolean().default(true),
  readEverySeconds: seconds(5, 3_600).default(15),
  /** of `cores`, or of the target's own GOMAXPROCS */
  cpuPercent: z.number("is a number").min(1, "is at least 1").max(1_000, "is at most 1000").default(70),
  memoryPercent: z.number("is a number").min(1, "is at least 1").max(100, "is at most 100").default(80),
  /** what the container may use; absent: the target's GOMEMLIMIT, if it says one */
  memoryLimitBytes: z
    .number("is a number of bytes")
    .int("is a whole number of bytes")
    .min(1_048_576, "is at least 1 MiB (1048576)")
    .optional(),
  /** what the container may use; absent: GOMAXPROCS, if the target says it */
  cores: z.number("is a number").positive("is more than 0").max(4_096, "is at most 4096").optional(),
  captureSeconds: seconds(1, 120).default(30),
  /** rest between two triggered captures */
  atMostEverySeconds: seconds(30, 86_400).default(600),
});

const LABEL_KEY = /^[A-Za-z_][\w.\-/]{0,99}$/;
const labels = z
  .record(z.string(), z.string().max(500, "has a value longer than 500 characters"))
  .refine((map) => Object.keys(map).length <= 16, "has more than 16 entries")
  .refine(
    (map) => Object.keys(map).every((key) => LABEL_KEY.test(key)),
    "has a key that is no label name: letters, digits, _ . - /",
  );

/** `http://shop:6060`: what stands before /debug/pprof. No user, query or fragment: they are not kept out of logs. */
const baseUrl = z
  .string("is the address of a service, such as http://shop:6060")
  .trim()
  .max(500, "is longer than 500 characters")
  .transform((text, context): string => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const complaint = complainAbout(url);
    if (url !== undefined && complaint === undefined)
      return `${url.origin}${url.pathname.replace(/(?:\/debug(?:\/pprof)?)?\/*$/, "")}`;
    context.addIssue({ code: "custom", message: complaint ?? "is no address" });
    return z.NEVER;
  });

function complainAbout(url: URL | undefined): string | undefined {
  if (url === undefined) return "is no address such as http://shop:6060";
  if (url.protocol !== "http:" && url.protocol !== "https:") return "must begin with http:// or https://";
  if (url.username !== "" || url.password !== "") return "must not hold a user or password";
  if (url.search !== "" || url.hash !== "") return "must not have a query or fragment";
  return undefined;
}

const editable = {
  url: baseUrl,
  service: z
    .string("is the service's name")
    .trim()
    .min(1, "must not be empty")
    .max(256, "is longer than 256 characters"),
  paused: z.boolean().default(false),
  labels: labels.default({}),
  cpu: cpuWindow.prefault({}),
  heap: snapshot.prefault({}),
  goroutine: snapshot.prefault({}),
  mutex: snapshot.prefault({}),
  block: snapshot.prefault({}),
  adaptive: adaptive.prefault({}),
};

/** POST /api/v1/targets, and one entry of the YAML file's `targets`: everything but url and service has a default. */
export const targetInput = z.strictObject(editable);
/** PATCH /api/v1/targets/{id}: top-level fields replace what was there. */
export const targetPatch = z.strictObject({
  url: baseUrl.optional(),
  service: editable.service.optional(),
  paused: z.boolean().optional(),
  labels: labels.optional(),
  cpu: cpuWindow.optional(),
  heap: snapshot.optional(),
  goroutine: snapshot.optional(),
  mutex: snapshot.optional(),
  block: snapshot.optional(),
  adaptive: adaptive.optional(),
});

export const usageSource = z.enum(["metrics", "vars", "profile"]);

/** What is known of a target's own use: of CPU since the reading before, of memory at this moment. */
export const usageReading = z.object({
  atUnixNano: unixNano,
  /** metrics: /metrics; vars: /debug/vars (memory alone); profile: CPU estimated from the last CPU profile */
  cpuSource: usageSource.nullable(),
  /** cores in use, and of how many */
  cpuCores: z.number().nonnegative().nullable(),
  ofCores: z.number().positive().nullable(),
  ofCoresSource: z.enum(["configured", "gomaxprocs", "assumed"]).nullable(),
  memorySource: usageSource.nullable(),
  memoryBytes: z.number().nonnegative().nullable(),
  memoryLimitBytes: z.number().positive().nullable(),
  memoryLimitSource: z.enum(["configured", "gomemlimit"]).nullable(),
});

export const targetState = z.object({
  phase: z.enum(["idle", "profiling", "capturing", "backing-off", "refused"]),
  /** when the collector last worked on it */
  atUnixNano: unixNano,
  lastProfile: z.object({ kind: profileKind, atUnixNano: unixNano, profileId: z.string() }).nullable(),
  reading: usageReading.nullable(),
  nextCpuUnixNano: unixNano.nullable(),
  backingOff: z
    .object({ untilUnixNano: unixNano, failures: z.number().int(), reason: z.string() })
    .nullable(),
  lastCaptureUnixNano: unixNano.nullable(),
  /** what does not work, by kind of profile, in a sentence each */
  problems: z.array(z.object({ kind: z.string(), message: z.string() })),
});

export const target = z.object({
  id: z.string(),
  /** file: edited in the collector's YAML file alone */
  origin: z.enum(["settings", "file"]),
  ...targetInput.shape,
  state: targetState.nullable(),
});
export const targetsResponse = z.object({ targets: z.array(target) });

export const captureTrigger = z.enum(["cpu", "memory", "goroutines", "manual"]);
export const captureState = z.enum(["requested", "running", "done", "partial", "failed", "interrupted"]);

export const capture = z.object({
  id: z.string(),
  targetId: z.string().nullable(),
  service: z.string(),
  instance: z.string(),
  trigger: captureTrigger,
  /** in a sentence: numbers, thresholds, source of the reading */
  reason: z.string(),
  reading: usageReading.nullable(),
  seconds: z.number().int(),
  state: captureState,
  /** what of it failed; "" when nothing did */
  message: z.string(),
  startUnixNano: unixNano,
  /** null until it has ended */
  endUnixNano: unixNano.nullable(),
  profiles: z.array(z.object({ kind: profileKind, profileId: z.string() })),
});
export const capturesResponse = z.object({ captures: z.array(capture), nextCursor: z.string().nullable() });

/** POST /api/v1/captures: a capture that a collector of another machine has taken and whose profiles it sent. */
export const captureReport = capture.omit({ targetId: true, state: true }).extend({
  id: z.string().regex(/^[0-9a-f-]{8,64}$/),
  state: z.enum(["done", "partial", "failed"]),
  endUnixNano: unixNano,
});

/** POST /api/v1/targets/{id}/capture */
export const captureRequest = z.strictObject({ seconds: seconds(1, 120).default(10) });

/** POST /api/v1/targets/test, with a targetInput as the body. */
export const targetTest = z.object({
  ok: z.boolean(),
  /** what was found, a line each */
  checks: z.array(z.object({ ok: z.boolean(), what: z.string(), message: z.string() })),
});

export type ProfileKind = z.infer<typeof profileKind>;
export type SnapshotKind = (typeof SNAPSHOT_KINDS)[number];
export type TargetInput = z.infer<typeof targetInput>;
export type TargetPatch = z.infer<typeof targetPatch>;
export type UsageReading = z.infer<typeof usageReading>;
export type TargetState = z.infer<typeof targetState>;
export type Target = z.infer<typeof target>;
export type Capture = z.infer<typeof capture>;
export type CapturesResponse = z.infer<typeof capturesResponse>;
export type CaptureReport = z.infer<typeof captureReport>;
export type TargetTest = z.infer<typeof targetTest>;
