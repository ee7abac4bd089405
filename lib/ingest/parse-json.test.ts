import { expect, test } from "vitest";
import { parseJson } from "@/lib/ingest/parse-json";

const times = (text: string, count: number) => Buffer.from(`[${text.repeat(count)}0]`);

test.each([
  ["objects", times("{},", 5_000_001)],
  ["lists within lists", Buffer.alloc(5_000_001, "[")],
  [
    "objects behind a quote that an escape hides",
    Buffer.concat([Buffer.from('["\\"",'), times("{},", 5_000_001)]),
  ],
])("%s without end are refused before a parser begins with them", (_what, bytes) => {
  expect(() => parseJson(bytes)).toThrow("The body has more than 5000000 objects and lists");
});

test("braces in texts count for nothing", () => {
  const text = '"{[\\\\\\"{['; // a backslash and a quote, both escaped
  expect(parseJson(times(`${text}",`, 1_500_000))).toHaveLength(1_500_001);
});

test("a byte order mark is no error, what is cut off is", () => {
  expect(parseJson(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  expect(() => parseJson(Buffer.from('{"a":"'), "This")).toThrow(/^This is not JSON: /);
});
