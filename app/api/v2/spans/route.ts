import { forwardToIngest } from "@/lib/ingest/forward";

/** Spans as Zipkin's reporters send them; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v2/spans");
}

/** Browsers ask before they send. */
export function OPTIONS(request: Request): Promise<Response> {
  return forwardToIngest(request, "/api/v2/spans");
}
