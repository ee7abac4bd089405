import { HotspanError } from "@/lib/errors";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";

/** @returns the type without its parameters, in lower case: `application/json; charset=utf-8` is `application/json` */
export function parseMediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** @throws HotspanError `unsupported-media-type` */
export function parseOtlpEncoding(contentType: string | undefined): OtlpEncoding {
  const type = parseMediaType(contentType);
  if (type === "application/x-protobuf" || type === "application/protobuf") return "protobuf";
  if (type === "application/json") return "json";
  throw new HotspanError(
    "unsupported-media-type",
    `Content-Type ${type === "" ? "is missing" : `"${type.slice(0, 100)}" is not known`}: send application/x-protobuf or application/json.`,
  );
}

/** @throws HotspanError `unsupported-media-type` for anything but gzip and none */
export function parseContentEncoding(header: string | undefined): "gzip" | "identity" {
  const encoding = (header ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return "identity";
  if (encoding === "gzip" || encoding === "x-gzip") return "gzip";
  throw new HotspanError(
    "unsupported-media-type",
    `Content-Encoding "${encoding.slice(0, 100)}" is not known: send gzip or none.`,
  );
}
