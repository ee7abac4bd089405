import { forwardToIngest } from "@/lib/ingest/forward";

/** Taken and not stored, so that SDKs which send every signal to one endpoint do not fail; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1/logs");
}

/** Browsers ask before they send. */
export function OPTIONS(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1/logs");
}
