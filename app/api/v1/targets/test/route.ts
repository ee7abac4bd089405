import { requireOwnOrigin } from "@/lib/api/read-change";
import { respond } from "@/lib/api/respond";
import { forwardToIngest } from "@/lib/ingest/forward";

/** What the collector finds at an address: asked from where it runs, which may be another machine than this. */
export function POST(request: Request): Promise<Response> {
  return respond(request, async () => {
    requireOwnOrigin(request);
    return forwardToIngest(request, "/api/v1/targets/test");
  });
}
