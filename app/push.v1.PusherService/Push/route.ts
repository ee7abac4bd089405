import { forwardToIngest } from "@/lib/ingest/forward";

/** Profiles of Grafana Alloy; the ingest process answers. */
export function POST(request: Request): Promise<Response> {
  return forwardToIngest(request, "/push.v1.PusherService/Push");
}
