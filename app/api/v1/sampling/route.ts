import { readChange } from "@/lib/api/read-change";
import { respond } from "@/lib/api/respond";
import { samplingRules } from "@/lib/api/sampling-contract";
import { findSampling } from "@/lib/store/find-sampling";
import { writeSamplingRules } from "@/lib/store/sampling-rules";

/** The rules of tail-based sampling and what they have done. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) => findSampling(signal));
}

/** Sets all rules; they are in force within seconds. */
export function PUT(request: Request): Promise<Response> {
  return respond(request, async (signal) => {
    await writeSamplingRules(await readChange(request, samplingRules));
    return findSampling(signal);
  });
}
