import { expect, test } from "vitest";
import { buildApiUrl } from "@/components/data/fetch-api";
import { type FlameSelector, selectorParams } from "./flame-selector";

const url = (selector: FlameSelector) => buildApiUrl("/x", selectorParams(selector));

test("a selector is the same URL whatever order it was written in", () => {
  const one = url({ service: "shop", endpoint: ["GET /b", "GET /a"], "label.region": "eu" });
  const other = url({
    "label.region": "eu",
    endpoint: ["GET /a", "GET /b"],
    service: "shop",
    type: undefined,
  });
  expect(one).toBe("/x?endpoint=GET+%2Fa&endpoint=GET+%2Fb&label.region=eu&service=shop");
  expect(other).toBe(one);
});
