import { forwardToIngest } from "@/lib/ingest/forward";

/** Profiles of Pyroscope's SDKs whose server is given with this path; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/pyroscope/ingest");
}
