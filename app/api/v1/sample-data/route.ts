import { requireOwnOrigin } from "@/lib/api/read-change";
import { respond } from "@/lib/api/respond";
import { findSampleDataState, removeSampleData } from "@/lib/store/remove-sample-data";

/** Whether the recorded demo shop is in the store. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async () => ({ state: await findSampleDataState() }));
}

/** Removes it, and answers when it is gone. */
export function DELETE(request: Request): Promise<Response> {
  return respond(request, async () => {
    requireOwnOrigin(request);
    return { state: await removeSampleData() };
  });
}
