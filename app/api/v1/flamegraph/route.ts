import { z } from "zod";
import { parseSelector, readParameters } from "@/lib/api/query";
import { respond } from "@/lib/api/respond";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";

const shape = {
  max_nodes: z.coerce
    .number("is a number")
    .int("is a whole number")
    .min(1, "is at least 1")
    .max(10_000, "is at most 10000")
    .default(1_500),
  focus: z
    .string()
    .refine(
      (id) => /^(?:0|[1-9]\d{0,19})$/.test(id) && BigInt(id) < 2n ** 64n,
      "is the id of a node of an earlier answer",
    )
    .optional(),
  group: z.enum(["service", "endpoint", "none"], 'is "service", "endpoint" or "none"').optional(),
  q: z.string().trim().max(1_000, "is longer than 1,000 characters").optional(),
};

/** The merged call tree of the selected samples, or of one node of it. */
export function GET(request: Request): Promise<Response> {
  return respond(request, (signal) => {
    const { selector, rest } = parseSelector(new URL(request.url).searchParams);
    const { max_nodes, focus, group, q } = readParameters(rest, shape);
    return buildFlamegraph(
      selector,
      {
        maxNodes: max_nodes,
        ...(focus === undefined ? {} : { focus }),
        ...(group === undefined ? {} : { group }),
        ...(q === undefined || q === "" ? {} : { query: q }),
      },
      signal,
    );
  });
}
