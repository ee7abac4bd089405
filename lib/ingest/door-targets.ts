/** What the collector would find at an address, asked from where it runs. */

import { targetInput } from "@/lib/api/targets-contract";
import { sayIssue } from "@/lib/collector/collector-file";
import type { Guard } from "@/lib/collector/guard-target";
import { testConnection } from "@/lib/collector/test-connection";
import { HotspanError, invalidInput } from "@/lib/errors";
import { type Door, jsonReply } from "@/lib/ingest/door";
import { decodePprof } from "@/lib/ingest/pprof";
import { unixNanoFromMillis } from "@/lib/units";

/** Only as JSON, which a page of another origin cannot send here: this port answers none of their questions. */
export function targetTestDoor(guard: Guard, maxBytes: number): Door {
  return {
    paths: ["/api/v1/targets/test"],
    receive: async ({ headers, readBody }) => {
      if (headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json") {
        throw new HotspanError("unsupported-media-type", "Send application/json.");
      }
      const parsed = targetInput.safeParse(parseJson((await readBody()).toString("utf8")));
      if (!parsed.success) throw invalidInput(`${sayIssue(parsed.error.issues[0])}.`);
      return jsonReply(
        200,
        await testConnection(guard, parsed.data, (bytes) => complainAbout(bytes, maxBytes)),
      );
    },
  };
}

function complainAbout(bytes: Uint8Array, maxBytes: number): string | undefined {
  try {
    decodePprof(bytes, {
      service: "test",
      receivedUnixNano: unixNanoFromMillis(Date.now()),
      limits: { maxBytes },
    });
    return undefined;
  } catch (error) {
    if (error instanceof HotspanError) return error.message;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidInput("The body is not JSON.");
  }
}
