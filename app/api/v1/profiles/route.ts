import { z } from "zod";
import { parseProfileListQuery, parseSelector, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { forwardToIngest } from "@/lib/ingest/forward";
import { EXPORT_FORMATS, exportProfile } from "@/lib/store/export-profile";
import { findProfiles } from "@/lib/store/find-profiles";

/** One pprof, gzipped or not; the ingest process decodes and stores it. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v1/profiles");
}

const shape = {
  format: z.enum(EXPORT_FORMATS, `is one of ${EXPORT_FORMATS.join(", ")}`).default("pprof"),
  /** `go tool pprof -seconds` adds it; what is stored is stored. */
  seconds: z.string().optional(),
};

/** `go tool pprof` sends no Accept header, curl and browsers one that takes everything: only who names JSON is given the list. */
function asksForList(request: Request, search: URLSearchParams): boolean {
  const format = search.get("format");
  if (format !== null) return format === "json";
  return /\bapplication\/json\b/i.test(request.headers.get("accept") ?? "");
}

/** Exactly the selected samples as a pprof: `go tool pprof` takes this URL as it is. As JSON, the list of received profiles. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async (signal) => {
    const search = new URL(request.url).searchParams;
    if (asksForList(request, search)) {
      search.delete("format");
      return findProfiles(parseProfileListQuery(search));
    }
    const { selector, rest } = parseSelector(search);
    const { format } = readParameters(rest, shape);
    const exported = await exportProfile(selector, format, signal);
    if (!exported.found) {
      // With this header and type `go tool pprof` prints the reason rather than the status.
      return new Response(`${exported.reason}\n`, {
        status: 404,
        headers: {
          "Content-Type": "text/plain; charset=utf-8",
          "X-Go-Pprof": "1",
          "Cache-Control": "no-store",
        },
      });
    }
    return new Response(new Uint8Array(exported.body), {
      headers: {
        "Content-Type": exported.mediaType,
        "Content-Disposition": `attachment; filename="${exported.fileName}"`,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
      },
    });
  });
}
