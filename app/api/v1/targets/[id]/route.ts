import { readChange, requireOwnOrigin } from "@/lib/api/read-change";
import { respond } from "@/lib/api/respond";
import { targetPatch } from "@/lib/api/targets-contract";
import { catalogue } from "@/lib/store/catalogue";
import { findTarget, removeTarget, updateTarget } from "@/lib/store/scrape-targets";

interface Context {
  readonly params: Promise<{ readonly id: string }>;
}

export function GET(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => findTarget(await catalogue(), (await params).id));
}

/** Replaces the fields that are given. */
export function PATCH(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => {
    const patch = await readChange(request, targetPatch);
    return updateTarget(await catalogue(), (await params).id, patch);
  });
}

/** Its profiles and captures stay. */
export function DELETE(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => {
    requireOwnOrigin(request);
    await removeTarget(await catalogue(), (await params).id);
    return { removed: true };
  });
}
