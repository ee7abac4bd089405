import { expect, test } from "vitest";
import { Permits } from "./permits";

const calm = new AbortController().signal;

test("two run, one waits, the next is turned away at once, and a turn given back goes to the one in line", async () => {
  const permits = new Permits(2, 1);
  const first = await permits.take(calm);
  await permits.take(calm);
  const third = permits.take(calm);
  await expect(permits.take(calm)).rejects.toMatchObject({ code: 202 });
  first();
  first(); // giving back twice gives one turn
  await third;
  const fourth = permits.take(calm);
  await expect(permits.take(calm)).rejects.toMatchObject({ code: 202 });
  expect(await Promise.race([fourth.then(() => "ran"), Promise.resolve("waits")])).toBe("waits");
});

test("who leaves the line makes room in it", async () => {
  const permits = new Permits(1, 1);
  await permits.take(calm);
  const leaver = new AbortController();
  const left = permits.take(leaver.signal);
  leaver.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  void permits.take(calm);
  await expect(permits.take(calm)).rejects.toMatchObject({ code: 202 });
});
