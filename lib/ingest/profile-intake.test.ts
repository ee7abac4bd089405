import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import { createProfileIntake } from "@/lib/ingest/profile-intake";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import { unixNanoFromMillis } from "@/lib/units";

const upload = (bytes: Uint8Array): ProfileUpload => ({
  bytes,
  service: "shop",
  receivedUnixNano: unixNanoFromMillis(0),
  startUnixNano: undefined,
  traceId: "",
  labels: new Map(),
  lockKind: undefined,
  source: "",
  maxBytes: 67_108_864,
});

test("ten thousand bytes that inflate to ten million are read by a worker, not by the thread that answers requests", async () => {
  const given: string[] = [];
  const pool: DecodePool = {
    run: (task) => {
      given.push(task.kind);
      return Promise.reject(new Error("handed on"));
    },
    close: () => Promise.resolve(),
  };
  const neverStored = () => Promise.reject(new Error("stored"));
  const intake = createProfileIntake(pool, neverStored, neverStored);
  const bomb = gzipSync(Buffer.alloc(10_000_000));
  expect(bomb.length).toBeLessThan(16_384);
  await expect(intake.accept(upload(bomb))).rejects.toThrow("handed on");
  await expect(intake.acceptDifference(bomb, upload(bomb))).rejects.toThrow("handed on");
  expect(given).toEqual(["profile", "scrape-difference"]);
});
