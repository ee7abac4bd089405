import { forwardToIngest } from "@/lib/ingest/forward";

/** Profiles of Datadog's profilers, to whom this is their agent; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/profiling/v1/input");
}
