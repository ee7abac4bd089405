import type { SampleSelector } from "@/lib/correlation/selector";
import { encodePprof, type PprofSource } from "@/lib/profile/encode-pprof";
import { formatFolded } from "@/lib/profile/format-folded";
import { formatSpeedscope } from "@/lib/profile/format-speedscope";
import { formatSvg } from "@/lib/profile/format-svg";
import { formatTop } from "@/lib/profile/format-top";
import { explainEmptySelection } from "@/lib/store/explain-empty-selection";
import { findProfile } from "@/lib/store/find-profile";
import { resolveSelector } from "@/lib/store/resolve-selector";

const TEXT = "text/plain; charset=utf-8";

export const EXPORT_FORMATS = ["pprof", "folded", "top", "speedscope", "svg"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How a profile becomes a file of each format. */
const WRITERS: Readonly<
  Record<
    ExportFormat,
    {
      readonly extension: string;
      readonly mediaType: string;
      readonly write: (source: PprofSource, name: string) => Buffer | string;
    }
  >
> = {
  pprof: { extension: "pb.gz", mediaType: "application/octet-stream", write: encodePprof },
  folded: { extension: "folded", mediaType: TEXT, write: formatFolded },
  top: { extension: "txt", mediaType: TEXT, write: formatTop },
  svg: { extension: "svg", mediaType: "image/svg+xml", write: formatSvg },
  speedscope: { extension: "speedscope.json", mediaType: "application/json", write: formatSpeedscope },
};

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
    return { found: false, reason: (await explainEmptySelection(resolved, empty, signal)).sentence };
  }
  const name = fileNameOf(selector);
  const { extension, mediaType, write } = WRITERS[format];
  return { found: true, body: Buffer.from(write(source, name)), fileName: `${name}.${extension}`, mediaType };
}

/** Only what any file system and any header takes. */
function fileNameOf(selector: SampleSelector): string {
  const what = selector.spanId ?? selector.traceId ?? selector.service ?? "all";
  return `${selector.type}-${what}`.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 100);
}
