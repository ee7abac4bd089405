import { z } from "zod";
import { parseSelector, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { sumFunctions } from "@/lib/store/sum-functions";

const shape = {
  sort: z
    .enum(
      ["self", "-self", "total", "-total", "samples", "-samples", "name", "-name"],
      "is self, total, samples or name, with - before it for descending",
    )
    .default("-self"),
  limit: z.coerce
    .number("is a number")
    .int("is a whole number")
    .min(1, "is at least 1")
    .max(10_000, "is at most 10000")
    .default(100),
};

const COLUMN = { self: "self", total: "total", samples: "samples", name: "name" } as const;

/** The selected samples by function, recursion counted once. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) => {
    const { selector, rest } = parseSelector(new URL(request.url).searchParams);
    const { sort, limit } = readParameters(rest, shape);
    const descending = sort.startsWith("-");
    const column = sort.replace("-", "") as keyof typeof COLUMN;
    return sumFunctions(selector, { sort: COLUMN[column], descending, limit }, signal);
  });
}
