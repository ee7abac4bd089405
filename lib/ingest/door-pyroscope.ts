import { type Door, jsonReply } from "@/lib/ingest/door";
import type { Intakes } from "@/lib/ingest/intakes";
import { readPyroscopeRequest } from "@/lib/ingest/pyroscope";

/** Pyroscope's SDKs. They take nothing but a 200 for success, and most of them never send again. */
export function pyroscopeDoor({ maxBodyBytes, profiles }: Intakes): Door {
  return {
    paths: ["/ingest", "/pyroscope/ingest"],
    receive: async ({ headers, lease, readBody, sourceOf, url }) => {
      const upload = readPyroscopeRequest({
        query: url.searchParams,
        contentType: headers["content-type"] ?? "",
        body: await readBody(),
        source: sourceOf(url.searchParams.get("source")),
        maxBytes: maxBodyBytes,
      });
      const [receipt] = await profiles.acceptAll([upload], lease);
      return jsonReply(200, receipt);
    },
  };
}
