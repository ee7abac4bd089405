import { readChange } from "@/lib/api/read-change";
import { respond, respondJson } from "@/lib/api/respond";
import { captureRequest } from "@/lib/api/targets-contract";
import { requestCapture } from "@/lib/store/captures";
import { catalogue } from "@/lib/store/catalogue";
import { findTarget } from "@/lib/store/scrape-targets";
import { unixNanoFromMillis } from "@/lib/units";

interface Context {
  readonly params: Promise<{ readonly id: string }>;
}

/** Asks for a profile now: 202 with the capture, which the collector begins within seconds. */
export function POST(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => {
    const { seconds } = await readChange(request, captureRequest);
    const db = await catalogue();
    const target = await findTarget(db, (await params).id);
    return respondJson(await requestCapture(db, target, seconds, unixNanoFromMillis(Date.now())), 202);
  });
}
