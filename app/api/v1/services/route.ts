import { parseTimeRange } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { sumServices } from "@/lib/store/sum-services";

/** Every service seen in the range, with its requests, errors, latency and CPU. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) => sumServices(parseTimeRange(new URL(request.url).searchParams), signal));
}
