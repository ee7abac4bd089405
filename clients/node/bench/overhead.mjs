/**
 * What the helper costs: the same server plain, with tracing, and with tracing and profiles, asked in turn in many short
 * rounds, so that whatever else the machine does hits all alike. Per round the ratio of one server to another; of the
 * rounds the median, and the middle half of them; beside them the least CPU time a request that any round took, which
 * other work on the machine disturbs least.
 *
 *   node bench/overhead.mjs [--rounds=30] [--ms=700] [--handlers=trivial,cpu] [--node=/path/to/node,...]
 *
 * Default: this Node and those of scripts/fetch-nodes.mjs. For figures worth keeping, run it on an idle machine with at
 * least two cores: one for the server, one for the load.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findNodes } from "../scripts/find-nodes.mjs";
import { turn } from "./turn.mjs";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    ms: { type: "string", default: "700" },
    handlers: { type: "string", default: "trivial,cpu" },
    node: { type: "string" },
  },
});
const ROUNDS = Number(flags.rounds);
const BURST_MS = Number(flags.ms);
const CONNECTIONS = 4;
const VARIANTS = ["plain", "traced", "hotspan"];
const COMPARED = [["plain"], ["traced", "plain"], ["hotspan", "traced"], ["hotspan", "plain"]];
const MEASURES = ["requests/s", "p50", "p99", "CPU/request"];

const sink = createServer((request, response) => request.resume().on("end", () => response.end()));
await once(sink.listen(0, "127.0.0.1"), "listening");
const sinkUrl = `http://127.0.0.1:${sink.address().port}`;

/** How many turns of the servers' loop take five milliseconds here. */
function calibrate() {
  let most = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const began = performance.now();
    if (turn(200_000) < 0) return 0;
    most = Math.max(most, (200_000 / (performance.now() - began)) * 5);
  }
  return Math.round(most);
}

async function startServer(node, variant, iterations) {
  const child = fork(fileURLToPath(new URL("server.mjs", import.meta.url)), {
    execPath: node,
    env: { ...process.env, VARIANT: variant, SINK: sinkUrl, ITERATIONS: String(iterations) },
  });
  const [{ port }] = await once(child, "message");
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const cpu = async () => {
    child.send("cpu");
    const [{ cpu }] = await once(child, "message");
    return cpu.user + cpu.system;
  };
  return { variant, child, agent, port, cpu };
}

function ask(agent, port, path) {
  return new Promise((resolve, reject) => {
    get({ agent, port, path, host: "127.0.0.1" }, (response) => response.resume().on("end", resolve)).on(
      "error",
      reject,
    );
  });
}

async function burst({ agent, port, cpu }, path, ms) {
  const took = [];
  const cpuBefore = await cpu();
  const began = performance.now();
  const worker = async () => {
    while (performance.now() - began < ms) {
      const asked = performance.now();
      await ask(agent, port, path);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const seconds = (performance.now() - began) / 1_000;
  const cpuMicros = (await cpu()) - cpuBefore;
  took.sort((a, b) => a - b);
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return [took.length / seconds, at(0.5), at(0.99), cpuMicros / took.length];
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)];
}

const percent = (ratio) => `${ratio >= 1 ? "+" : "−"}${Math.abs((ratio - 1) * 100).toFixed(1)} %`;

async function measure(node, iterations) {
  const servers = [];
  for (const variant of VARIANTS) servers.push(await startServer(node, variant, iterations));
  for (const path of flags.handlers.split(",").map((name) => `/${name}`)) {
    for (const server of servers) await burst(server, path, 2_000);
    /** rounds[n][variant] = one value per measure */
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const results = {};
      for (let turn = 0; turn < servers.length; turn++) {
        const server = servers[(round + turn) % servers.length];
        results[server.variant] = await burst(server, path, BURST_MS);
      }
      rounds.push(results);
    }
    for (const [variant, base] of COMPARED) {
      const cells = MEASURES.map((_name, measure) => {
        if (base === undefined)
          return quantile(
            rounds.map((results) => results[variant][measure]),
            0.5,
          ).toFixed(2);
        const ratios = rounds.map((results) => results[variant][measure] / results[base][measure]);
        const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percent(quantile(ratios, share)));
        return `${middle} (${low} … ${high})`;
      });
      const name = base === undefined ? variant : `${variant} ÷ ${base}`;
      const least = Math.min(...rounds.map((results) => results[variant][3])).toFixed(1);
      console.log(`| ${[path.slice(1), name, ...cells, `${least} µs`].join(" | ")} |`);
    }
  }
  for (const { child, agent } of servers) {
    agent.destroy();
    child.disconnect();
    await once(child, "exit");
  }
}

const nodes = flags.node?.split(",") ?? findNodes().map(({ path }) => path);
const iterations = calibrate();
for (const node of nodes) {
  console.log(`\n${node}, ${ROUNDS} rounds of ${BURST_MS} ms; the plain server in requests/s, ms, ms, µs`);
  console.log(`| handler | server | ${MEASURES.join(" | ")} | least CPU/request |`);
  console.log(`|---|---|${"---|".repeat(MEASURES.length + 1)}`);
  await measure(node, iterations);
}
sink.close();
