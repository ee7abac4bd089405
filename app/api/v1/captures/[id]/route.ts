import { respond } from "@/lib/api/respond";
import { findCapture } from "@/lib/store/captures";
import { catalogue } from "@/lib/store/catalogue";

interface Context {
  readonly params: Promise<{ readonly id: string }>;
}

export function GET(request: Request, { params }: Context): Promise<Response> {
  return respond(request, async () => findCapture(await catalogue(), (await params).id));
}
