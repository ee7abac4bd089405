import { expect, test } from "vitest";
import { createGroupCommit, type GroupCommitOptions } from "@/lib/store/group-commit";

/** Submissions are "name:rows"; each commit waits until the test lets it end. */
function createGroups(options: Partial<GroupCommitOptions<string, string>> = {}) {
  const commits: { group: readonly string[]; end: () => void; fail: (error: Error) => void }[] = [];
  const begun: (() => void)[] = [];
  const groups = createGroupCommit<string, string>({
    rowsOf: (item) => Number(item.split(":")[1]),
    commit: (group) =>
      new Promise((resolve, reject) => {
        commits.push({ group, end: () => resolve(group.map((item) => `${item} stored`)), fail: reject });
        begun.shift()?.();
      }),
    minRows: 10,
    maxWaitMs: 60_000,
    maxRows: 20,
    maxQueuedRows: 30,
    maxQueuedItems: 4,
    ...options,
  });
  const commit = async (index: number) => {
    while (commits.length <= index) await new Promise<void>((resolve) => begun.push(resolve));
    const found = commits[index];
    if (found === undefined) throw new Error("unreachable");
    return found;
  };
  return { groups, commits, commit };
}

test("rows wait for company, then are committed together; each submitter hears of its own", async () => {
  const { groups, commits, commit } = createGroups();
  const [a, b] = [groups.submit("a:4"), groups.submit("b:5")];
  expect(commits).toHaveLength(0);
  const c = groups.submit("c:1");
  (await commit(0)).end();
  expect(await Promise.all([a, b, c])).toEqual(["a:4 stored", "b:5 stored", "c:1 stored"]);
  expect(commits.map(({ group }) => group)).toEqual([["a:4", "b:5", "c:1"]]);
  expect(groups.queuedRows()).toBe(0);
});

test("a lonely submission is committed when it has waited long enough", async () => {
  const { groups, commit } = createGroups({ maxWaitMs: 5 });
  const a = groups.submit("a:1");
  (await commit(0)).end();
  expect(await a).toBe("a:1 stored");
});

test("one commit at a time; what comes meanwhile makes the next groups, each of at most maxRows", async () => {
  const { groups, commits, commit } = createGroups();
  const all = ["a:10", "b:12", "c:8", "d:9"].map((item) => groups.submit(item));
  expect(commits).toHaveLength(1);
  (await commit(0)).end();
  (await commit(1)).end();
  expect(commits[1]?.group).toEqual(["b:12", "c:8"]);
  void groups.drain();
  (await commit(2)).end();
  expect(commits[2]?.group).toEqual(["d:9"]);
  await Promise.all(all);
});

test("a failed commit is told to everyone in it and to nobody else", async () => {
  const { groups, commit } = createGroups();
  const first = [groups.submit("a:6"), groups.submit("b:6")];
  const second = groups.submit("c:10");
  (await commit(0)).fail(new Error("the disk is full"));
  expect(await Promise.allSettled(first)).toMatchObject([
    { status: "rejected", reason: { message: "the disk is full" } },
    { status: "rejected", reason: { message: "the disk is full" } },
  ]);
  (await commit(1)).end();
  expect(await second).toBe("c:10 stored");
});

test("more than may wait is refused at once, and the rest is not touched", async () => {
  const { groups, commit } = createGroups();
  const kept = [groups.submit("a:10"), groups.submit("b:25")];
  await expect(groups.submit("c:6")).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 2 });
  (await commit(0)).end();
  (await commit(1)).end();
  expect(await Promise.all(kept)).toEqual(["a:10 stored", "b:25 stored"]);
});

test("so are more submissions than may wait, however small", async () => {
  const { groups, commit } = createGroups({ minRows: 1, maxQueuedItems: 2 });
  const kept = [groups.submit("a:1"), groups.submit("b:1"), groups.submit("c:1")]; // one under way, two waiting
  await expect(groups.submit("d:1")).rejects.toMatchObject({ code: "overloaded" });
  (await commit(0)).end();
  (await commit(1)).end();
  expect(await Promise.all(kept)).toHaveLength(3);
});

test("drain commits what waits and ends when nothing is left", async () => {
  const { groups, commit } = createGroups();
  const a = groups.submit("a:1");
  const drained = groups.drain();
  (await commit(0)).end();
  await drained;
  expect(await a).toBe("a:1 stored");
  await groups.drain();
});
