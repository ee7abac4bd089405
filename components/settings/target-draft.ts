/** A target as it stands in the form, where numbers are text while they are typed. */
import { SNAPSHOT_KINDS, type SnapshotKind, type TargetInput, targetInput } from "@/lib/api/targets-contract";

const MIB = 1_048_576;

export interface TargetDraft {
  readonly url: string;
  readonly service: string;
  /** `key=value`, separated by commas. */
  readonly labels: string;
  readonly cpuOn: boolean;
  readonly cpuSeconds: string;
  readonly cpuEvery: string;
  readonly snapshots: ReadonlySet<SnapshotKind>;
  readonly snapshotsEvery: string;
  readonly adaptiveOn: boolean;
  readonly cpuPercent: string;
  readonly memoryPercent: string;
  readonly memoryLimitMib: string;
  readonly cores: string;
  readonly captureSeconds: string;
  readonly restMinutes: string;
  readonly readEvery: string;
}

const DEFAULTS = targetInput.parse({ url: "http://localhost:6060", service: "x" });

/** @param target undefined for a new one, with every number as it is by default */
export function toDraft(target: TargetInput | undefined): TargetDraft {
  const { adaptive, cpu, labels, service, url, ...snapshots } = target ?? DEFAULTS;
  return {
    url: target === undefined ? "" : url,
    service: target === undefined ? "" : service,
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(", "),
    cpuOn: cpu.on,
    cpuSeconds: String(cpu.seconds),
    cpuEvery: String(cpu.everySeconds),
    snapshots: new Set(SNAPSHOT_KINDS.filter((kind) => snapshots[kind].on)),
    snapshotsEvery: String(snapshots.heap.everySeconds),
    adaptiveOn: adaptive.on,
    cpuPercent: String(adaptive.cpuPercent),
    memoryPercent: String(adaptive.memoryPercent),
    memoryLimitMib: adaptive.memoryLimitBytes === undefined ? "" : String(adaptive.memoryLimitBytes / MIB),
    cores: adaptive.cores === undefined ? "" : String(adaptive.cores),
    captureSeconds: String(adaptive.captureSeconds),
    restMinutes: String(adaptive.atMostEverySeconds / 60),
    readEvery: String(adaptive.readEverySeconds),
  };
}

/** @param target what the form does not show stays as it is there */
export function parseDraft(draft: TargetDraft, target: TargetInput | undefined) {
  const every = numberOf(draft.snapshotsEvery);
  // One interval for four kinds: whoever has given them different ones in the API keeps them unless it is changed here.
  const isSameEvery = target !== undefined && draft.snapshotsEvery === String(target.heap.everySeconds);
  const snapshots = SNAPSHOT_KINDS.map((kind) => [
    kind,
    { on: draft.snapshots.has(kind), everySeconds: isSameEvery ? target[kind].everySeconds : every },
  ]);
  const limit = optionalNumber(draft.memoryLimitMib);
  return targetInput.safeParse({
    url: draft.url,
    service: draft.service,
    paused: target?.paused ?? false,
    labels: Object.fromEntries(parseLabels(draft.labels)),
    cpu: { on: draft.cpuOn, seconds: numberOf(draft.cpuSeconds), everySeconds: numberOf(draft.cpuEvery) },
    ...Object.fromEntries(snapshots),
    adaptive: {
      on: draft.adaptiveOn,
      readEverySeconds: numberOf(draft.readEvery),
      cpuPercent: numberOf(draft.cpuPercent),
      memoryPercent: numberOf(draft.memoryPercent),
      memoryLimitBytes: limit === undefined ? undefined : Math.round(limit * MIB),
      cores: optionalNumber(draft.cores),
      captureSeconds: numberOf(draft.captureSeconds),
      atMostEverySeconds: Math.round(numberOf(draft.restMinutes) * 60),
    },
  });
}

function parseLabels(text: string): [string, string][] {
  return text
    .split(",")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at === -1 ? [pair, ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    });
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function optionalNumber(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}

const FIELDS: ReadonlyMap<string, keyof TargetDraft> = new Map([
  ["url", "url"],
  ["service", "service"],
  ["labels", "labels"],
  ["cpu.seconds", "cpuSeconds"],
  ["cpu.everySeconds", "cpuEvery"],
  ...SNAPSHOT_KINDS.map((kind) => [`${kind}.everySeconds`, "snapshotsEvery"] as const),
  ["adaptive.cpuPercent", "cpuPercent"],
  ["adaptive.memoryPercent", "memoryPercent"],
  ["adaptive.memoryLimitBytes", "memoryLimitMib"],
  ["adaptive.cores", "cores"],
  ["adaptive.captureSeconds", "captureSeconds"],
  ["adaptive.atMostEverySeconds", "restMinutes"],
  ["adaptive.readEverySeconds", "readEvery"],
]);

/** Fields that have another unit here. */
const OWN_WORDS: ReadonlyMap<keyof TargetDraft, string> = new Map([
  ["restMinutes", "is 0.5 to 1440 minutes"],
  ["memoryLimitMib", "is at least 1 MiB"],
]);

/** What is wrong with each field of the form, in words that follow its name. */
export function findComplaints(
  parsed: ReturnType<typeof parseDraft>,
): ReadonlyMap<keyof TargetDraft, string> {
  const complaints = new Map<keyof TargetDraft, string>();
  for (const { message, path } of parsed.error?.issues ?? []) {
    const field = FIELDS.get(path.slice(0, 2).join(".")) ?? FIELDS.get(String(path[0]));
    if (field !== undefined && !complaints.has(field)) complaints.set(field, OWN_WORDS.get(field) ?? message);
  }
  return complaints;
}
