import { afterAll, beforeAll, expect, test } from "vitest";
import type { SampleSelector } from "@/lib/correlation/selector";
import { type FunctionsOptions, sumFunctions } from "@/lib/store/sum-functions";
import { insertFolded } from "@/lib/store/test-insert-folded";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const selector: SampleSelector = { type: "cpu", scope: "span", endpoints: [], labels: new Map() };

async function draw(options: Partial<FunctionsOptions>): Promise<string> {
  const answer = await sumFunctions(selector, { sort: "self", descending: true, limit: 100, ...options });
  return answer.functions.map(({ name, self, total }) => `${name} ${self / 1e7}/${total / 1e7}`).join(", ");
}

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
  await insertFolded({
    stacks: `
    main;walk;walk;walk 5
    main;walk;visit;walk;visit 3
    main;idle 1
    main 2`,
  });
  await insertFolded({ service: "other", stacks: "main;visit 1" });
});
afterAll(() => store.stop());

test("recursion counts once a stack, self only at the leaf", async () => {
  expect(await draw({})).toBe("walk 5/8, visit 4/4, main 2/12, idle 1/1");
});

test("every order, both ways, cut at the limit", async () => {
  expect(await draw({ sort: "total" })).toBe("main 2/12, walk 5/8, visit 4/4, idle 1/1");
  expect(await draw({ sort: "name", descending: false })).toBe("idle 1/1, main 2/12, visit 4/4, walk 5/8");
  expect(await draw({ sort: "samples", descending: false, limit: 2 })).toBe("idle 1/1, visit 4/4");
});

test("the answer's total is that of all samples", async () => {
  const { total, unit, functions } = await sumFunctions(selector, {
    sort: "self",
    descending: true,
    limit: 1,
  });
  expect({ total, unit, file: functions[0]?.file, sampleCount: functions[0]?.sampleCount }).toEqual({
    total: 12e7,
    unit: "nanoseconds",
    file: "walk.go",
    sampleCount: 8,
  });
});
