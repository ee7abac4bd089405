import { expect, test } from "vitest";
import { parseCollectorFile } from "@/lib/collector/collector-file";

const parse = (text: string) => parseCollectorFile(text, "collector.yaml");

test("an address and a service are a whole target; what is given stands beside the defaults", () => {
  const { allow, push, targets } = parse(`
push: http://hotspan:3000
allow: [10.0.0.0/8, "*.internal"]
targets:
  - url: http://shop:6060/debug/pprof/
    service: shop
  - url: https://cart.internal/
    service: cart
    labels: { region: eu }
    cpu: { seconds: 5 }
    block: { on: false }
    adaptive: { cpuPercent: 85, memoryLimitBytes: 536870912 }
`);
  expect({ allow, push }).toEqual({ allow: ["10.0.0.0/8", "*.internal"], push: "http://hotspan:3000" });
  expect(targets[0]).toEqual({
    url: "http://shop:6060",
    service: "shop",
    paused: false,
    labels: {},
    cpu: { on: true, seconds: 10, everySeconds: 60 },
    heap: { on: true, everySeconds: 60 },
    goroutine: { on: true, everySeconds: 60 },
    mutex: { on: true, everySeconds: 60 },
    block: { on: true, everySeconds: 60 },
    adaptive: {
      on: true,
      readEverySeconds: 15,
      cpuPercent: 70,
      memoryPercent: 80,
      captureSeconds: 30,
      atMostEverySeconds: 600,
    },
  });
  expect(targets[1]).toMatchObject({
    url: "https://cart.internal",
    cpu: { seconds: 5, everySeconds: 60 },
    block: { on: false },
    adaptive: { cpuPercent: 85, memoryPercent: 80, memoryLimitBytes: 536_870_912 },
  });
});

const target = (fields: string) => `targets:\n  - url: http://shop:6060\n    service: shop\n${fields}`;

test.each([
  ["", "collector.yaml: targets is missing"],
  ["targets: [", "collector.yaml: Flow sequence in block collection must be"],
  [
    "targets: [{service: a}]",
    "collector.yaml: targets[0].url is the address of a service, such as http://shop:6060",
  ],
  ["targets: [{url: http://a}]", "collector.yaml: targets[0].service is the service's name"],
  ["targets: [{url: 'ftp://a', service: a}]", "targets[0].url must begin with http:// or https://"],
  ["targets: [{url: 'http://u:p@a', service: a}]", "targets[0].url must not hold a user or password"],
  ["targets: [{url: 'http://a/?x=1', service: a}]", "targets[0].url must not have a query or fragment"],
  ["targets: [{url: a, service: a}]", "targets[0].url is no address such as http://shop:6060"],
  [target("    cpu: { seconds: 61 }"), "targets[0].cpu.seconds is at most 60"],
  [target("    cpu: { seconds: 30, everySeconds: 20 }"), "targets[0].cpu.seconds is at most everySeconds"],
  [target("    cpu: { seconds: ten }"), "targets[0].cpu.seconds is a number of seconds"],
  [target("    heap: { every: 5 }"), 'targets[0].heap has an unknown field "every"'],
  [target("    cpus: 5"), 'targets[0] has an unknown field "cpus"'],
  [target("    labels: { 'a b': x }"), "targets[0].labels has a key that is no label name"],
  [
    "targets: [{url: http://a, service: a}, {url: http://a/, service: a}]",
    "targets[1].url is there twice for this service",
  ],
  ["allow: [http://a]\ntargets: []", 'allow "http://a" is no host, address or network'],
  ["push: hotspan\ntargets: []", "push is no address such as http://hotspan:3000"],
  ["targets: &a [*a]", "collector.yaml: Alias resolution is disabled"],
  ["a: &a [x]\nb: [*a, *a]\ntargets: []", "collector.yaml: Alias resolution is disabled"],
])("%j is refused by the field's name", (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
