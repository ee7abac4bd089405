import { forwardToIngest } from "@/lib/ingest/forward";

/** OTLP profiles (experimental); the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/v1development/profiles");
}
