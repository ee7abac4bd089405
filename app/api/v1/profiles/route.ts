import { forwardToIngest } from "@/lib/ingest/forward";

/** One pprof, gzipped or not; the ingest process decodes and stores it. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v1/profiles");
}
