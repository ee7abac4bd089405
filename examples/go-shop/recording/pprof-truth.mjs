/**
 * Writes truth/: what `go tool pprof -top` says of the largest recorded profile of each service and kind, per sample
 * type, by flat and by cum. The tests hold our own decoder against it. Needs Go:
 *
 *     node pprof-truth.mjs
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const TYPES = {
  cpu: { samples: "count", cpu: "ns" },
  heap: { alloc_objects: "count", alloc_space: "B", inuse_objects: "count", inuse_space: "B" },
  mutex: { contentions: "count", delay: "ns" },
  block: { contentions: "count", delay: "ns" },
  goroutine: { goroutine: "count" },
};

const here = import.meta.dirname;
const largest = new Map();
for (const { path, body } of entries(gunzipSync(readFileSync(join(here, "shop.rec.gz"))))) {
  if (path === "/v1/traces") continue;
  const query = new URL(path, "http://shop").searchParams;
  const kind = query.get("kind") ?? kindOf(gunzipSync(body));
  const name = `${query.get("service")}-${kind}`;
  if (body.length > (largest.get(name)?.body.length ?? 0)) largest.set(name, { path, body, kind });
}

const scratch = mkdtempSync(join(tmpdir(), "pprof-truth-"));
rmSync(join(here, "truth"), { recursive: true, force: true });
mkdirSync(join(here, "truth"));
for (const [name, { path, body, kind }] of largest) {
  writeFileSync(join(scratch, `${name}.pb.gz`), body);
  let text = `# ${path}\n`;
  for (const [type, unit] of Object.entries(TYPES[kind])) {
    for (const order of ["flat", "cum"]) {
      const command = `go tool pprof -symbolize=none -top -${order} -unit=${unit} -nodecount=20 -nodefraction=0 -sample_index=${type} ${name}.pb.gz`;
      const [go, ...args] = command.split(" ");
      text += `\n$ ${command}\n${execFileSync(go, args, { cwd: scratch, encoding: "utf8" })}`;
    }
  }
  writeFileSync(join(here, "truth", `${name}.txt`), text);
}
rmSync(scratch, { recursive: true });

/** The format is described in ../cmd/record/main.go. */
function* entries(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const headEnd = at + 4 + bytes.readUInt32BE(at);
    const { path } = JSON.parse(bytes.toString("utf8", at + 4, headEnd));
    const bodyEnd = headEnd + 4 + bytes.readUInt32BE(headEnd);
    yield { path, body: bytes.subarray(headEnd + 4, bodyEnd) };
    at = bodyEnd;
  }
}

/** The kind whose sample types these are: of a pprof, field 1 is a sample type, field 6 a string. */
function kindOf(pprof) {
  const strings = [];
  const types = [];
  for (const [field, value] of fields(pprof)) {
    if (field === 1) types.push(new Map(fields(value)).get(1));
    if (field === 6) strings.push(value.toString());
  }
  const names = types.map((index) => strings[index]).join();
  return Object.keys(TYPES).find((kind) => Object.keys(TYPES[kind]).join() === names);
}

/** The fields of a protobuf message of varints and bytes. */
function* fields(message) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const value = varint();
    if (tag % 8 === 0) yield [tag >>> 3, value];
    else yield [tag >>> 3, message.subarray(at, (at += value))];
  }
}
