import { forwardToIngest } from "@/lib/ingest/forward";

/** The same from older ones; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1/input");
}
