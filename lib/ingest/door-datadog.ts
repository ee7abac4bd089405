import { readDatadogRequest } from "@/lib/ingest/datadog";
import { type Door, jsonReply } from "@/lib/ingest/door";
import type { Intakes } from "@/lib/ingest/intakes";

/** Datadog's profilers: where their agent listens, and the paths of its intake that profilers without an agent use. */
export function datadogDoor({ maxBodyBytes, profiles }: Intakes): Door {
  return {
    paths: ["/profiling/v1/input", "/api/v2/profile", "/v1/input"],
    receive: async ({ headers, lease, readBody, sourceOf, url }) => {
      const source = sourceOf(url.searchParams.get("source"));
      const contentType = headers["content-type"] ?? "";
      const uploads = readDatadogRequest(await readBody(), contentType, source, maxBodyBytes);
      return jsonReply(200, { profiles: await profiles.acceptAll(uploads, lease) });
    },
  };
}
