/**
 * A connect client of push.v1, as Grafana Alloy is one: `URL`, `TRANSPORT` (http1-proto, http1-json, http1-gzip, grpc),
 * `REQUEST` (a file with `{labels, profiles}` series in JSON, profiles being paths). The description of the messages is
 * written here, field by field, rather than generated. Prints what came back: "ok", or the code of the error.
 */
import { readFileSync } from "node:fs";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";

const OPTIONAL = 1;
const REPEATED = 3;
const STRING = 9;
const MESSAGE = 11;
const BYTES = 12;

const field = (name, number, type, label = OPTIONAL, typeName = "") => ({
  name,
  number,
  type,
  label,
  typeName,
});
const file = create(FileDescriptorProtoSchema, {
  name: "push/v1/push.proto",
  package: "push.v1",
  syntax: "proto3",
  messageType: [
    { name: "LabelPair", field: [field("name", 1, STRING), field("value", 2, STRING)] },
    { name: "RawSample", field: [field("raw_profile", 1, BYTES), field("ID", 2, STRING)] },
    {
      name: "Series",
      field: [
        field("labels", 1, MESSAGE, REPEATED, ".push.v1.LabelPair"),
        field("samples", 2, MESSAGE, REPEATED, ".push.v1.RawSample"),
      ],
    },
    { name: "PushRequest", field: [field("series", 1, MESSAGE, REPEATED, ".push.v1.Series")] },
    { name: "PushResponse" },
  ],
  service: [
    {
      name: "PusherService",
      method: [{ name: "Push", inputType: ".push.v1.PushRequest", outputType: ".push.v1.PushResponse" }],
    },
  ],
});
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

const transports = {
  "http1-proto": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true }),
  "http1-json": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "http1-gzip": (baseUrl) =>
    createConnectTransport({
      baseUrl,
      httpVersion: "1.1",
      useBinaryFormat: true,
      sendCompression: compressionGzip,
      compressMinBytes: 1,
    }),
  grpc: (baseUrl) => createGrpcTransport({ baseUrl }),
};

const client = createClient(
  registry.getService("push.v1.PusherService"),
  transports[process.env.TRANSPORT](process.env.URL),
);
const series = JSON.parse(readFileSync(process.env.REQUEST, "utf8")).map(({ labels, profiles }) => ({
  labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
  samples: profiles.map((path, index) => ({ rawProfile: readFileSync(path), ID: `sample-${index}` })),
}));
try {
  await client.push({ series });
  console.log("ok");
} catch (error) {
  console.log(error.code, error.rawMessage);
}
process.exit(0);
