/**
 * Grafana Alloy, and whoever else pushes by push.v1, over the connect protocol (connectrpc.com/docs/protocol, "Unary
 * request"): the reply repeats the content type that was sent, errors are JSON whatever it was.
 */
import { statusOf } from "@/lib/api/respond";
import { HotspanError } from "@/lib/errors";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import { type Door, jsonReply } from "@/lib/ingest/door";
import type { GrpcMethod } from "@/lib/ingest/grpc-otlp";
import type { Intakes } from "@/lib/ingest/intakes";
import { parseMediaType } from "@/lib/ingest/media-type";
import { GRPC_CODE } from "@/lib/ingest/otlp-response";
import {
  decodePush,
  decodePushJson,
  type PushedSeries,
  type SeriesShape,
  toUploads,
} from "@/lib/ingest/push";

const PUSH = "/push.v1.PusherService/Push";
const WRITE_RAW = "/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw";

/** The names of google.rpc.Code that we answer with. */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [3, "invalid_argument"],
  [5, "not_found"],
  [8, "resource_exhausted"],
  [13, "internal"],
  [14, "unavailable"],
]);

/** Below this the way to a worker and back costs more than decoding here. */
const INLINE_JSON_BYTES = 32_768;

export function pushDoor({ maxBodyBytes, pool, profiles }: Intakes): Door {
  return {
    paths: [PUSH],
    receive: async ({ headers, lease, readBody, sourceOf, url }) => {
      const type = parseMediaType(headers["content-type"]);
      if (type !== "application/proto" && type !== "application/json") {
        throw new HotspanError(
          "unsupported-media-type",
          `Content-Type "${type.slice(0, 100)}" is not known here: send application/proto or application/json, or gRPC to its own port.`,
        );
      }
      const isJson = type === "application/json";
      const body = await readBody();
      const series = isJson ? await readJson(pool, body) : decodePush(body, "push");
      await profiles.acceptAll(
        toUploads(series, sourceOf(url.searchParams.get("source")), maxBodyBytes),
        lease,
      );
      return { status: 200, headers: { "content-type": type }, body: Buffer.from(isJson ? "{}" : "") };
    },
    refuse: ({ code, message }) =>
      // Clients of this protocol read the code rather than the status; both have to say whether to try again.
      jsonReply(code === "overloaded" ? 503 : statusOf(code), {
        code: CODE_NAMES.get(GRPC_CODE[code]) ?? "unknown",
        message,
      }),
  };
}

async function readJson(pool: DecodePool, bytes: Buffer): Promise<readonly PushedSeries[]> {
  if (bytes.length <= INLINE_JSON_BYTES) return decodePushJson(bytes);
  const result = await pool.run({ kind: "push-json", upload: { bytes } });
  if (result.kind !== "push-json") throw new Error(`A decode worker answered ${result.kind} to a push.`);
  return result.series;
}

/** The same over gRPC, where Parca's agents write too. */
export function pushMethods({ maxBodyBytes, profiles }: Intakes): GrpcMethod[] {
  const method = (path: string, shape: SeriesShape): GrpcMethod => ({
    path,
    receive: async (body, lease) => {
      await profiles.acceptAll(toUploads(decodePush(body, shape), "", maxBodyBytes), lease);
      return Buffer.alloc(0);
    },
  });
  return [method(PUSH, "push"), method(WRITE_RAW, "parca")];
}
