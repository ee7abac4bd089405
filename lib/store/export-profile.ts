import type { SampleSelector } from "@/lib/correlation/selector";
import { encodePprof, type PprofSource } from "@/lib/profile/encode-pprof";
import { explainEmptySelection } from "@/lib/store/explain-empty-selection";
import { findProfile } from "@/lib/store/find-profile";
import { resolveSelector } from "@/lib/store/resolve-selector";

/** `pprof`: gzipped profile.proto. `folded`: a line `root;...;leaf value` a stack, as flame graph tools read. */
export type ExportFormat = "pprof" | "folded";

export type ExportedProfile =
  | { readonly found: true; readonly body: Buffer; readonly fileName: string; readonly mediaType: string }
  | { readonly found: false; readonly reason: string };

/**
 * The selected samples as a file.
 * @throws HotspanError as findProfile
 */
export async function exportProfile(
  selector: SampleSelector,
  format: ExportFormat,
  signal?: AbortSignal,
): Promise<ExportedProfile> {
  const resolved = await resolveSelector(selector, "", signal);
  const source = await findProfile(resolved, signal);
  if (source === undefined) {
    const empty = { total: 0, sampleCount: 0, weakestTie: "none", sampleRateHz: null } as const;
    return { found: false, reason: await explainEmptySelection(resolved, empty, signal) };
  }
  const name = fileNameOf(selector);
  return format === "pprof"
    ? {
        found: true,
        body: encodePprof(source),
        fileName: `${name}.pb.gz`,
        mediaType: "application/octet-stream",
      }
    : {
        found: true,
        body: Buffer.from(formatFolded(source)),
        fileName: `${name}.folded`,
        mediaType: "text/plain; charset=utf-8",
      };
}

/** Equal stacks merged, lines in the order of their text. The last value counts. */
export function formatFolded(source: PprofSource): string {
  const sums = new Map<string, bigint>();
  for (const { stack, values } of source.samples) {
    const frames = Array.from(source.stacks[stack]?.functions ?? [], (index) =>
      (source.functions[index]?.name ?? "").replace(/[;\r\n]/g, ":"),
    );
    const line = frames.join(";");
    sums.set(line, (sums.get(line) ?? 0n) + BigInt(values.at(-1) ?? 0));
  }
  return [...sums]
    .map(([stack, value]) => `${stack} ${value}\n`)
    .sort()
    .join("");
}

/** Only what any file system and any header takes. */
function fileNameOf(selector: SampleSelector): string {
  const what = selector.spanId ?? selector.traceId ?? selector.service ?? "all";
  return `${selector.type}-${what}`.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 100);
}
