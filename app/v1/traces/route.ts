import { forwardToIngest } from "@/lib/ingest/forward";

/** OTLP traces; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1/traces");
}

/** Browsers ask before they send. */
export function OPTIONS(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1/traces");
}
