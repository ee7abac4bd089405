import { parseTraceFilter } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { sumTraceHeatmap } from "@/lib/store/sum-trace-heatmap";

/** The same traces as the list's, counted by start and duration. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) =>
    sumTraceHeatmap(parseTraceFilter(new URL(request.url).searchParams), signal),
  );
}
