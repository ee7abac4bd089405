import { z } from "zod";
import { parseDuration } from "@/lib/api/instant";
import { parseSelector, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { sumSeries } from "@/lib/store/sum-series";

const shape = {
  by: z.enum(["endpoint", "service", "none"], 'is "endpoint", "service" or "none"').default("none"),
  step: z
    .string()
    .transform(parseDuration)
    .refine((step) => step !== undefined, "is a duration such as 10s or 1m")
    .optional(),
};

/** The selected values over time. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) => {
    const { selector, rest } = parseSelector(new URL(request.url).searchParams);
    const { by, step } = readParameters(rest, shape);
    return sumSeries(selector, { by, ...(step === undefined ? {} : { stepNs: step }) }, signal);
  });
}
