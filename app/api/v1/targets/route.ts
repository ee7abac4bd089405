import { readParameters } from "@/lib/api/query";
import { readChange } from "@/lib/api/read-change";
import { respond, respondJson } from "@/lib/api/respond";
import { targetInput } from "@/lib/api/targets-contract";
import { catalogue } from "@/lib/store/catalogue";
import { findTargets, insertTarget } from "@/lib/store/scrape-targets";

/** All processes that the collector reads, with what it knows of each. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async () => {
    readParameters(new URL(request.url).searchParams, {});
    return { targets: await findTargets(await catalogue()) };
  });
}

/** Adds one; the collector begins within seconds. */
export function POST(request: Request): Promise<Response> {
  return respond(request, async () => {
    const input = await readChange(request, targetInput);
    return respondJson(await insertTarget(await catalogue(), input), 201);
  });
}
