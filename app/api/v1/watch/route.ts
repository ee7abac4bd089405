import { readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { findWatch } from "@/lib/store/find-watch";

/** The watched folders (HOTSPAN_WATCH) and the files in them that could not be read. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async (signal) => {
    readParameters(new URL(request.url).searchParams, {});
    return findWatch(signal);
  });
}
