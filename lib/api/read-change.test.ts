import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readChange, requireOwnOrigin } from "@/lib/api/read-change";

const schema = z.strictObject({ percent: z.number().min(0).max(100) });

function put(body: string, headers: Record<string, string> = {}): Request {
  return new Request("http://hotspan.example:3000/api/v1/sampling", {
    method: "PUT",
    body,
    headers: { host: "hotspan.example:3000", "content-type": "application/json", ...headers },
  });
}

describe("a change", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["a program", {}, true],
    ["our page", { "sec-fetch-site": "same-origin", origin: "http://hotspan.example:3000" }, true],
    ["behind a proxy that ends TLS", { origin: "https://hotspan.example:3000" }, true],
    ["typed into the address bar", { "sec-fetch-site": "none" }, true],
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, false],
    ["another port of the same host", { "sec-fetch-site": "same-site" }, false],
    ["an old browser, another site", { origin: "https://evil.example" }, false],
    ["a sandboxed frame", { origin: "null" }, false],
  ])("of %s", (_who, headers, allowed) => {
    const ask = () => requireOwnOrigin(put("{}", headers));
    if (allowed) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ code: "forbidden" }));
  });

  test.each<[string, string, Record<string, string>, string, string]>([
    ["no JSON", "{", {}, "invalid-input", "not JSON"],
    ["a wrong field", `{"percent":101}`, {}, "invalid-input", "percent"],
    ["an unknown field", `{"percent":1,"__proto__x":1}`, {}, "invalid-input", "__proto__x"],
    ["a form", "percent=1", { "content-type": "text/plain" }, "unsupported-media-type", "application/json"],
    ["a book", JSON.stringify("x".repeat(70_000)), {}, "too-large", "65536"],
  ])("with %s is refused by name", async (_what, body, headers, code, word) => {
    const refusal = readChange(put(body, headers), schema);
    await expect(refusal).rejects.toMatchObject({ code, message: expect.stringContaining(word) });
  });

  test("is read", async () => {
    expect(await readChange(put(`{"percent":12.5}`), schema)).toEqual({ percent: 12.5 });
  });
});
