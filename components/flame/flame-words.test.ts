import { expect, test } from "vitest";
import { describeCertainty, describeSamples, warnOfFewSamples } from "./flame-words";

test("samples are counted with their rate", () => {
  expect(describeSamples(9, 100)).toBe("9 samples at 100 Hz");
  expect(describeSamples(1, 99.98)).toBe("1 sample at 100 Hz");
  expect(describeSamples(12_345, null)).toBe("12,345 samples");
});

test("the tie is stated for what was asked", () => {
  expect(describeCertainty("span-label", { span_id: "a", scope: "subtree" }).short).toBe(
    "labelled with this span or one below it",
  );
  expect(describeCertainty("span-label", { trace_id: "a" }).short).toBe("labelled with this trace's spans");
  expect(describeCertainty("process-time", { trace_id: "a" }).short).toBe(
    "whole process while this trace ran",
  );
});

test("few samples are warned of, many and none are not", () => {
  expect(warnOfFewSamples(9)).toBe("Shares are rough: one sample is 11 % of the width.");
  expect(warnOfFewSamples(1)).toBe("One sample shows a place, not a share.");
  expect([0, 100, 5_000].map(warnOfFewSamples)).toEqual([null, null, null]);
});
