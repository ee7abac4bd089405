import { expect, test } from "vitest";
import type { ImportedFile, ImportResponse } from "@/lib/api/import-contract";
import { describeImport, describeOrigin, describeTypes } from "./profile-words";

const file = (fields: Partial<ImportedFile>): ImportedFile => ({
  name: "x",
  kind: "unknown",
  spans: 0,
  rejectedSpans: 0,
  samples: 0,
  duplicates: 0,
  profileId: "",
  service: "",
  traceIds: [],
  message: "",
  error: null,
  ...fields,
});
const answer = (fields: Partial<ImportResponse>): ImportResponse => ({
  spans: 0,
  rejectedSpans: 0,
  profiles: 0,
  samples: 0,
  duplicates: 0,
  traceIds: [],
  files: [file({})],
  ...fields,
});

test("what came of a file", () => {
  expect(describeImport(answer({ spans: 1204 }))).toBe("1,204 spans stored");
  expect(describeImport(answer({ profiles: 1, samples: 117 }))).toBe("1 profile with 117 samples stored");
  expect(describeImport(answer({ duplicates: 1, files: [file({ kind: "profile", duplicates: 1 })] }))).toBe(
    "1 profile was here before",
  );
  expect(
    describeImport(
      answer({
        spans: 2,
        profiles: 3,
        samples: 1,
        rejectedSpans: 1,
        duplicates: 6,
        files: [
          file({ kind: "profile", duplicates: 1 }),
          file({ kind: "traces", duplicates: 5 }),
          file({ error: "no" }),
        ],
      }),
    ),
  ).toBe(
    "3 files; 3 profiles with 1 sample and 2 spans stored; 1 profile and 5 spans were here before; 1 span refused; 1 file not read",
  );
  expect(describeImport(answer({}))).toBe("Nothing new in it");
});

test("how a profile came, and what is in it", () => {
  const short = (origin: string, source = "") => describeOrigin({ origin, source }).short;
  expect([
    short("file:a:b.pprof"),
    short("watch:shop/cpu.pprof"),
    short(""),
    short("", "sample"),
    short("scrape:shop:6060"),
  ]).toEqual(["a:b.pprof", "shop/cpu.pprof", "pushed", "sample data", "shop:6060"]);
  expect(
    describeTypes({
      sampleTypes: [
        { type: "cpu", unit: "nanoseconds", total: 1.24e9 },
        { type: "inuse_space", unit: "bytes", total: 2048 },
      ],
    }),
  ).toBe("cpu 1.24 s, inuse_space 2 KiB");
});
