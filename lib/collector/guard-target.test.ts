import { describe, expect, test } from "vitest";
import { createGuard, readAllowList } from "@/lib/collector/guard-target";

/** What the URL parser makes of a host, as the collector hands it to the guard. */
const hostOf = (url: string) => new URL(url).hostname;
const answers =
  (...addresses: string[]) =>
  async () =>
    addresses;

describe("addresses", () => {
  test.each([
    "http://169.254.169.254",
    "http://2852039166", // 169.254.169.254 as one decimal number
    "http://0xa9fea9fe",
    "http://0251.0376.0251.0376", // octal
    "http://169.254.43518",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[::169.254.169.254]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[2002:a9fe:a9fe::1]",
    "http://[fe80::1]",
    "http://[fd00:ec2::254]",
    "http://100.100.100.200",
    "http://168.63.129.16",
    "http://0.0.0.0",
    "http://0",
    "http://[::]",
    "http://224.0.0.1",
    "http://[ff02::1]",
    "http://255.255.255.255",
    "http://192.0.0.192",
  ])("%s is refused by default", async (url) => {
    await expect(createGuard(undefined).resolve(hostOf(url))).rejects.toThrow("is not scraped unless");
  });

  test.each([
    ["http://127.0.0.1", "127.0.0.1"],
    ["http://2130706433", "127.0.0.1"],
    ["http://[::1]:6060", "::1"],
    ["http://10.1.2.3", "10.1.2.3"],
    ["http://192.168.0.7", "192.168.0.7"],
    ["http://[fd12::7]", "fd12::7"],
    ["http://100.64.0.7", "100.64.0.7"], // pods of several clouds
    ["http://192.0.2.10", "192.0.2.10"],
  ])("%s is one's own network", async (url, address) => {
    expect(await createGuard(undefined).resolve(hostOf(url))).toEqual([address]);
  });
});

describe("names", () => {
  test("one refused address among the answer refuses the name", async () => {
    const guard = createGuard(undefined, answers("10.0.0.1", "::ffff:169.254.169.254"));
    await expect(guard.resolve("shop")).rejects.toThrow(
      "shop (169.254.169.254) is a link-local address, where clouds serve their metadata",
    );
  });

  test("each resolution stands for itself: an answer that changes is looked at again", async () => {
    const script = ["10.0.0.1", "169.254.169.254", "10.0.0.2"];
    const guard = createGuard(undefined, async () => [script.shift() ?? ""]);
    expect(await guard.resolve("rebind.test")).toEqual(["10.0.0.1"]);
    await expect(guard.resolve("rebind.test")).rejects.toThrow("link-local");
    expect(await guard.resolve("rebind.test")).toEqual(["10.0.0.2"]);
  });

  test("what cannot be resolved is refused in a sentence", async () => {
    const guard = createGuard(undefined, () =>
      Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })),
    );
    await expect(guard.resolve("nowhere")).rejects.toThrow(
      "The name nowhere cannot be resolved (ENOTFOUND).",
    );
    await expect(createGuard(undefined, answers()).resolve("empty")).rejects.toThrow("has no address");
  });
});

describe("the allow-list", () => {
  const reaches = async (allow: string[], host: string, address = host) =>
    createGuard(allow, answers(address))
      .resolve(host)
      .then(
        () => true,
        () => false,
      );

  test("when there is one, only what it names", async () => {
    const allow = ["shop", "*.prod.internal", "10.1.0.0/16", "::1"];
    expect(await reaches(allow, "shop", "192.168.1.1")).toBe(true);
    expect(await reaches(allow, "SHOP", "192.168.1.1")).toBe(true);
    expect(await reaches(allow, "cart.prod.internal", "192.168.1.1")).toBe(true);
    expect(await reaches(allow, "prod.internal.evil", "192.168.1.1")).toBe(false);
    expect(await reaches(allow, "anything", "10.1.9.9")).toBe(true);
    expect(await reaches(allow, "10.2.0.1")).toBe(false);
    expect(await reaches(allow, "[::1]", "::1")).toBe(true);
    expect(await reaches(allow, "127.0.0.1")).toBe(false);
    expect(await reaches([], "10.0.0.1")).toBe(false);
  });

  test("a refused address only by its own name: neither a host nor all of IPv4 opens it", async () => {
    expect(await reaches(["metadata"], "metadata", "169.254.169.254")).toBe(false);
    expect(await reaches(["0.0.0.0/0", "::/0"], "169.254.169.254")).toBe(false);
    expect(await reaches(["169.254.169.254"], "169.254.169.254")).toBe(true);
    expect(await reaches(["169.254.0.0/16"], "node", "169.254.1.1")).toBe(true);
    expect(await reaches(["0.0.0.0/0"], "10.0.0.1")).toBe(true);
  });

  test("names its broken entry", () => {
    expect(() => readAllowList(["10.0.0.0/33"])).toThrow('"10.0.0.0/33" is no host, address or network');
    expect(() => readAllowList(["http://shop"])).toThrow('"http://shop" is no host');
  });
});
