import { z } from "zod";
import { parseTimeRange, readParameters } from "@/lib/api/query";
import { readChange } from "@/lib/api/read-change";
import { respond, respondJson } from "@/lib/api/respond";
import { captureReport } from "@/lib/api/targets-contract";
import { findCaptures, insertCaptureReport } from "@/lib/store/captures";
import { catalogue } from "@/lib/store/catalogue";

const shape = {
  service: z.string().min(1, "must not be empty").optional(),
  target: z.string().min(1, "must not be empty").optional(),
  cursor: z.string().min(1, "must not be empty").optional(),
  limit: z.coerce
    .number("is a number")
    .int("is a whole number")
    .min(1, "is at least 1")
    .max(500, "is at most 500")
    .default(100),
};

/** Captures, newest first, that overlap the range. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async () => {
    const all = [...new URL(request.url).searchParams];
    const isRange = ([name]: [string, string]) => name === "from" || name === "to";
    const range = parseTimeRange(new URLSearchParams(all.filter(isRange)));
    const { target, ...rest } = readParameters(
      new URLSearchParams(all.filter((pair) => !isRange(pair))),
      shape,
    );
    return findCaptures(await catalogue(), { ...rest, ...range, targetId: target });
  });
}

/** One that a collector of another machine has taken; the same id again changes nothing. */
export function POST(request: Request): Promise<Response> {
  return respond(request, async () => {
    const report = await readChange(request, captureReport);
    return respondJson(await insertCaptureReport(await catalogue(), report), 201);
  });
}
