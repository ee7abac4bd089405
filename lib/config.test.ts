import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { connectableHost, readConfig } from "@/lib/config";

test("nothing set is a whole configuration, and set but empty is not set", () => {
  expect(readConfig({ PORT: "", CLICKHOUSE_URL: "" })).toEqual({ ...readConfig({}) });
  expect(readConfig({})).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    maxBodyBytes: 64 * 2 ** 20,
    clickhouseUrl: undefined,
    storeKind: "embedded",
    ingestUrl: "http://127.0.0.1:4318",
  });
});

test("a folder may be called what it likes", () => {
  const { catalogueUrl } = readConfig({ HOTSPAN_DATA: "/tmp/50% #1 ?é" });
  expect(fileURLToPath(catalogueUrl)).toBe("/tmp/50% #1 ?é/catalogue.db");
});

test("the receivers are reached where they listen", () => {
  const hosts = { "0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]", "10.1.2.3": "10.1.2.3" };
  for (const [host, reached] of Object.entries(hosts)) {
    expect(connectableHost(host)).toBe(reached);
    expect(readConfig({ HOST: host }).ingestUrl).toBe(`http://${reached}:4318`);
  }
});

test.each([
  ["PORT", "http", "PORT=http is not usable: "],
  ["PORT", "70000", "PORT=70000 is not usable: "],
  ["HOTSPAN_SAMPLE_DATA", "yes", "HOTSPAN_SAMPLE_DATA=yes is not usable: "],
  ["HOTSPAN_RETENTION_DAYS", "0", "HOTSPAN_RETENTION_DAYS=0 is not usable: "],
  // Passwords and tokens are not for the log.
  ["CLICKHOUSE_URL", "tcp://default:secret@db:9000", "CLICKHOUSE_URL=tcp://db:9000 is not usable: "],
  ["HOTSPAN_CATALOGUE_URL", "db?authToken=secret", "HOTSPAN_CATALOGUE_URL=db is not usable: "],
])("%s=%s is refused in one sentence", (name, value, start) => {
  const refused = () => readConfig({ [name]: value });
  expect(refused).toThrow(start);
  expect(refused).not.toThrow("secret");
});
