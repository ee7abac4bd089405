/** POST /api/v1/import: one file, or a zip of many, told by its content. */
import { invalidInput } from "@/lib/errors";
import { type Door, jsonReply } from "@/lib/ingest/door";
import { instantOfName, parseFileName } from "@/lib/ingest/file-name";
import type { ImportIntake, UploadOf } from "@/lib/ingest/import-intake";
import { unixNanoFromMillis } from "@/lib/units";

const MAX_NAME_LENGTH = 256;
const KNOWN = ["service", "filename", "source"];

export interface ImportDoorOptions {
  readonly imports: ImportIntake;
  readonly maxBodyBytes: number;
}

export function importDoor({ imports, maxBodyBytes }: ImportDoorOptions): Door {
  return {
    paths: ["/api/v1/import"],
    receive: async ({ lease, readBody, sourceOf, url }) => {
      const query = url.searchParams;
      const unknown = [...query.keys()].find((key) => !KNOWN.includes(key));
      if (unknown !== undefined) {
        throw invalidInput(`Unknown parameter "${unknown.slice(0, 60)}". Known here: service, filename.`);
      }
      const name = baseName(text(query, "filename")) || "file";
      const service = text(query, "service");
      const source = sourceOf(query.get("source"));
      const uploadOf = uploadsOf(service, source, maxBodyBytes);
      return jsonReply(200, await imports.accept(name, await readBody(), uploadOf, lease));
    },
  };
}

/** What the request says of all its files, and the name of each of the one. */
function uploadsOf(service: string, source: string, maxBytes: number): UploadOf {
  const receivedUnixNano = unixNanoFromMillis(Date.now());
  return (name, bytes) => {
    const { lockKind, service: named, traceId, written } = parseFileName(name);
    return {
      bytes,
      service: service || named,
      receivedUnixNano,
      writtenUnixNano: written === undefined ? undefined : instantOfName(written, undefined),
      startUnixNano: undefined,
      traceId,
      labels: new Map(),
      lockKind,
      source,
      origin: `file:${name}`,
      maxBytes,
    };
  };
}

function text(query: URLSearchParams, name: string): string {
  const value = query.get(name)?.trim() ?? "";
  if (value.length > MAX_NAME_LENGTH) {
    throw invalidInput(`The parameter ${name} is longer than ${MAX_NAME_LENGTH} characters.`);
  }
  return value;
}

/** A name is shown and read for hints; it never leads to a file. */
function baseName(name: string): string {
  return name.replace(/^.*[/\\]/, "").replace(/\p{C}/gu, "");
}
