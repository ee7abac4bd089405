import { parseTraceIdOfPath, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { findTrace } from "@/lib/store/find-trace";

interface Context {
  readonly params: Promise<{ readonly traceId: string }>;
}

/** One trace with all its spans; 404 when none is stored. */
export function GET(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async (signal) => {
    readParameters(new URL(request.url).searchParams, {}); // it has none: a typing error should say so
    return findTrace(parseTraceIdOfPath((await params).traceId), signal);
  });
}
