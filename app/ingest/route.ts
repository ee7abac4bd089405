import { forwardToIngest } from "@/lib/ingest/forward";

/** Profiles of Pyroscope's SDKs; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/ingest");
}
