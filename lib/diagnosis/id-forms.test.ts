import { expect, test } from "vitest";
import { hexOfDecimalDigits, readIdForm } from "@/lib/diagnosis/id-forms";
import { areNearNames } from "@/lib/diagnosis/near-names";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const bytes = (hex: string) => Buffer.from(hex, "hex");

test.each([
  [TRACE, "hex trace", TRACE],
  [TRACE.toUpperCase(), "hex trace", TRACE],
  [SPAN, "hex span", SPAN],
  [`0x${SPAN}`, "hex after 0x span", SPAN],
  [`0x${TRACE}`, "hex after 0x trace", TRACE],
  [`00-${TRACE}-${SPAN}-01`, "a whole traceparent trace", TRACE],
  ["0af76519-16cd-43dd-8448-eb211c80319c", "a UUID with dashes trace", TRACE],
  [BigInt(`0x${SPAN}`).toString(), "decimal span", SPAN],
  [BigInt(`0x${TRACE}`).toString(), "decimal trace", TRACE],
  [bytes(TRACE).toString("base64"), "base64 trace", TRACE],
  [bytes(SPAN).toString("base64"), "base64 span", SPAN],
])("reads %s as %s", (value, form, hex) => {
  const reading = readIdForm(value);
  expect(`${reading?.form} ${reading?.kind}`).toBe(form);
  expect(reading?.hex).toBe(hex);
});

test.each([
  "",
  "GET /orders",
  "42",
  "0".repeat(32),
  "0".repeat(16),
  "1".repeat(40),
  "deadbeef",
  "thread-12",
  `${SPAN}!`,
])("%o is no id", (value) => {
  expect(readIdForm(value)).toBeUndefined();
});

test("16 decimal digits are another id when they are read as a number", () => {
  expect(hexOfDecimalDigits("1234567890123456")).toBe("000462d53c8abac0");
  expect(hexOfDecimalDigits(SPAN)).toBeUndefined();
});

test.each([
  ["product-svc", "product", true],
  ["Checkout", "checkout_service", true],
  ["checkoutService", "checkout", true],
  ["recomendation", "recommendation", true],
  ["cart", "card", false],
  ["worker-1", "worker-2", false],
  ["shard1service", "shard2service", false],
  ["api", "app", false],
  ["orders", "orders", false],
  ["gateway", "payment", false],
])("%s and %s may be one service: %o", (left, right, near) => {
  expect(areNearNames(left, right)).toBe(near);
  expect(areNearNames(right, left)).toBe(near);
});
