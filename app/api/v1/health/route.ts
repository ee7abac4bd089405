import { respond, respondJson } from "@/lib/api/respond";
import { checkHealth } from "@/lib/store/check-health";

/** 200 when store, catalogue and receivers answer, else 503 with the same body saying which does not. */
export function GET(request: Request): Promise<Response> {
  return respond(request, async () => {
    const health = await checkHealth();
    return respondJson(health, health.status === "ok" ? 200 : 503);
  });
}
