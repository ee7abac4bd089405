import { forwardToIngest } from "@/lib/ingest/forward";

/** Profiles of Datadog's profilers that were told to do without an agent; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v2/profile");
}
