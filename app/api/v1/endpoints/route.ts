import { parseEndpointsQuery } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { sumEndpoints } from "@/lib/store/sum-endpoints";

/** The endpoints of a service with their requests and what they cost. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) =>
    sumEndpoints(parseEndpointsQuery(new URL(request.url).searchParams), signal),
  );
}
