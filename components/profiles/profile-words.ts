import type { ImportedFile, ImportResponse } from "@/lib/api/import-contract";
import type { ReceivedProfile } from "@/lib/api/profiles-contract";
import { formatCountExact, formatDateTime, formatPercent, formatValue, NO_VALUE } from "@/lib/format";

/** How a profile came, short for a cell and whole for its title. */
export function describeOrigin({ origin, source }: Pick<ReceivedProfile, "origin" | "source">): {
  short: string;
  long: string;
} {
  const [, how = "", what = ""] = /^(\w+):(.*)$/s.exec(origin) ?? [];
  if (source === "sample") return { short: "sample data", long: "Recorded data of the demo shop" };
  if (how === "file") return { short: what, long: `Imported from the file ${what}` };
  if (how === "watch") return { short: what, long: `From a watched folder: ${what}` };
  if (how === "scrape") return { short: what, long: `Scraped from ${what}` };
  if (how !== "")
    return { short: what === "" ? how : what, long: `By ${how}${what === "" ? "" : `: ${what}`}` };
  return { short: "pushed", long: "Sent by the service or its profiler" };
}

/** Of today the time of day, of earlier days the day: what fits a phone. @param nowMillis Unix milliseconds */
export function formatMoment(instant: string, nowMillis: number): string {
  const [day = "", time = ""] = formatDateTime(instant).split(" ");
  const [today] = formatDateTime(BigInt(Math.trunc(nowMillis)) * 1_000_000n).split(" ");
  return day === today ? time : day;
}

/** `cpu 1.24 s, alloc_space 3 MiB`; what has no value stands last. */
export function describeTypes({ sampleTypes }: Pick<ReceivedProfile, "sampleTypes">): string {
  const told = [
    ...sampleTypes.filter(({ total }) => total !== 0),
    ...sampleTypes.filter(({ total }) => total === 0),
  ];
  return told.map(({ total, type, unit }) => `${type} ${formatValue(total, unit)}`).join(", ");
}

export function describeLabelled({
  labelled,
  samples,
}: Pick<ReceivedProfile, "labelled" | "samples">): string {
  return samples === 0 ? NO_VALUE : formatPercent(labelled / samples);
}

/** What came of a file that was sent, in one line. */
export function describeImport({
  duplicates,
  files,
  profiles,
  rejectedSpans,
  samples,
  spans,
}: ImportResponse): string {
  const failed = files.filter(({ error }) => error !== null).length;
  const ofProfiles =
    counted(profiles, "profile") + (samples > 0 ? ` with ${counted(samples, "sample")}` : "");
  const parts = [ofProfiles, counted(spans, "span")].filter((part) => part !== "");
  const stored = parts.length === 0 ? "" : `${parts.join(" and ")} stored`;
  const sentences = [
    files.length > 1 ? counted(files.length, "file") : "",
    stored,
    duplicates > 0 ? `${describeDuplicates(files)} here before` : "",
    rejectedSpans > 0 ? `${counted(rejectedSpans, "span")} refused` : "",
    failed > 0 ? `${counted(failed, "file")} not read` : "",
  ].filter((sentence) => sentence !== "");
  return sentences.length === 0 ? "Nothing new in it" : sentences.join("; ");
}

function describeDuplicates(files: readonly ImportedFile[]): string {
  const of = (kind: ImportedFile["kind"]) =>
    files.reduce((sum, file) => sum + (file.kind === kind ? file.duplicates : 0), 0);
  const [profiles, spans] = [of("profile"), of("traces")];
  const parts = [counted(profiles, "profile"), counted(spans, "span")].filter((part) => part !== "");
  return `${parts.join(" and ")} ${profiles + spans === 1 ? "was" : "were"}`;
}

/** "" for none. */
function counted(count: number, one: string): string {
  return count === 0 ? "" : `${formatCountExact(count)} ${one}${count === 1 ? "" : "s"}`;
}
