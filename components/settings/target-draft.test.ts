import { expect, test } from "vitest";
import { targetInput } from "@/lib/api/targets-contract";
import { findComplaints, parseDraft, toDraft } from "./target-draft";

const TARGET = targetInput.parse({
  url: "http://shop:6060",
  service: "shop",
  paused: true,
  labels: { region: "eu", version: "1.4" },
  cpu: { seconds: 5, everySeconds: 30 },
  heap: { everySeconds: 30 },
  mutex: { on: false, everySeconds: 300 },
  adaptive: { cpuPercent: 85.5, memoryLimitBytes: 536_870_912, cores: 1.5, atMostEverySeconds: 90 },
});

test("a form that is opened and saved changes nothing", () => {
  expect(parseDraft(toDraft(TARGET), TARGET).data).toEqual(TARGET);
});

test("a new form needs an address and a service, and has the defaults", () => {
  const parsed = parseDraft(
    { ...toDraft(undefined), url: " http://shop:6060/ ", service: "shop" },
    undefined,
  );
  expect(parsed.data).toEqual(targetInput.parse({ url: "http://shop:6060", service: "shop" }));
  expect([...findComplaints(parseDraft(toDraft(undefined), undefined)).keys()]).toEqual(["url", "service"]);
});

test("one interval of the form is that of all four kinds", () => {
  const { data } = parseDraft({ ...toDraft(TARGET), snapshotsEvery: "45" }, TARGET);
  expect([data?.heap, data?.goroutine, data?.mutex, data?.block].map((kind) => kind?.everySeconds)).toEqual([
    45, 45, 45, 45,
  ]);
});

test.each([
  ["cpuSeconds", "61", "is at most 60"],
  ["cpuSeconds", "31", "is at most everySeconds: two windows of a process must not overlap"],
  ["cpuSeconds", "", "is a number of seconds"],
  ["cpuEvery", "ten", "is a number of seconds"],
  ["snapshotsEvery", "1", "is at least 10"],
  ["labels", "a b=c", "has a key that is no label name: letters, digits, _ . - /"],
  ["memoryLimitMib", "0.5", "is at least 1 MiB"],
  ["cores", "0", "is more than 0"],
  ["restMinutes", "0.1", "is 0.5 to 1440 minutes"],
  ["url", "shop", "is no address such as http://shop:6060"],
] as const)("%s %j %s", (field, text, complaint) => {
  const complaints = findComplaints(parseDraft({ ...toDraft(TARGET), [field]: text }, TARGET));
  expect(Object.fromEntries(complaints)).toEqual({ [field]: complaint });
});
