import { parseTraceListQuery } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { searchTraces } from "@/lib/store/search-traces";

/** One page of the traces that match, in any order of their columns. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) =>
    searchTraces(parseTraceListQuery(new URL(request.url).searchParams), signal),
  );
}
