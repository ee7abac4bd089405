import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HotspanError } from "@/lib/errors";
import { queryRows } from "@/lib/store/clickhouse";
import { mapColumn, numberColumn, textColumn, unixNanoColumn } from "@/lib/store/row";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
});
afterAll(() => store.stop());

const SLOW = "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)";

async function failureOf(work: Promise<unknown>): Promise<HotspanError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HotspanError)) throw new Error(`expected a HotspanError, not ${String(error)}`);
  return error;
}

describe("queryRows", () => {
  test("binds whatever text as text, one or thousands at a time", async () => {
    const texts = [
      "",
      "'",
      "\\",
      "\\'; DROP TABLE traces; --",
      "{x:String}",
      "\t\n\r\0\b",
      "é😀",
      "__proto__",
      "[]",
      "','",
    ];
    const many = [...texts, ...Array.from({ length: 5_000 }, (_, index) => `${index}'\\`)];
    const [one] = await queryRows("SELECT {text:String} AS text, {map:Map(String, String)} AS map", {
      text: texts.join("|"),
      map: { k: texts.join("|") },
    });
    expect(one && textColumn(one, "text")).toBe(texts.join("|"));
    expect(one && mapColumn(one, "map")).toEqual(new Map([["k", texts.join("|")]]));
    const rows = await queryRows("SELECT arrayJoin({texts:Array(String)}) AS text", { texts: many });
    expect(rows.map((row) => textColumn(row, "text"))).toEqual(many);
  });

  test("keeps every digit of 64-bit integers and instants", async () => {
    const [row] = await queryRows(
      "SELECT toUInt64(18446744073709551615) AS big, toString({at:Int64}) AS at",
      {
        at: "1790000000123456789",
      },
    );
    expect(row && textColumn(row, "big")).toBe("18446744073709551615");
    expect(row && unixNanoColumn(row, "at")).toBe(1790000000123456789n);
  });

  test("ends at its limits of time and rows with a sentence and a time to wait", async () => {
    const tooMuch = [
      () => queryRows(SLOW, {}, { seconds: 1 }),
      () => queryRows("SELECT number FROM numbers(1000)", {}, { rows: 10 }),
      () => queryRows("SELECT groupArray(number) FROM numbers(100000000)", {}, { memoryBytes: 50_000_000 }),
    ];
    for (const ask of tooMuch) {
      const error = await failureOf(ask());
      expect([error.code, error.retryAfterSeconds]).toEqual(["unavailable", 5]);
      expect(error.message).toMatch(/shorter time range/);
    }
    expect(await queryRows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("ends when whoever asked has gone away", async () => {
    const gone = new AbortController();
    const asked = queryRows(SLOW, {}, { seconds: 60, signal: gone.signal });
    const reason = new Error("gone");
    gone.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });

  test("a mistake in our SQL is the store's trouble to a sender, and says what it is", async () => {
    const error = await failureOf(queryRows("SELECT nothing_like_this"));
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(/nothing_like_this/);
  });
});

test("a column of another shape than our SQL says throws", () => {
  expect(() => numberColumn({ a: "x" }, "a")).toThrow("Column a should be a number");
  expect(() => textColumn({}, "a")).toThrow("Column a should be text");
});
