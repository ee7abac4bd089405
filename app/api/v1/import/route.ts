import { forwardToIngest } from "@/lib/ingest/forward";

/** A file of traces or a profile, or a zip of them; the ingest process decodes and stores it. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v1/import");
}
