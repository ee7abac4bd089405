/**
 * The Go modules of this repository: `go vet` of all, the tests of the client with the race detector where a C compiler is.
 * Says in one line why when Go or its modules cannot be had, and passes: the product needs neither.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const MODULES = [
  { folder: "clients/go", tests: ["./..."] },
  { folder: "clients/go/sdktest", tests: ["./..."] },
  // Once more as on releases of Go that do not let a goroutine's labels be read.
  { folder: "clients/go", tests: ["-tags=hotspan_portable", "./labels"] },
  { folder: "examples/go-shop" },
  { folder: "e2e/clients/go" },
];

/** @returns whether it went well; what it writes is shown, unless it is asked for */
function run(folder, [file, ...args], { quiet = false, timeout } = {}) {
  const env = { ...process.env, GOFLAGS: `${process.env.GOFLAGS ?? ""} -mod=readonly`.trim() };
  const { status, stderr } = spawnSync(file, args, {
    cwd: `${root}/${folder}`,
    env,
    stdio: quiet ? ["ignore", "ignore", "pipe"] : "inherit",
    encoding: "utf8",
    timeout,
  });
  return { ok: status === 0, stderr: stderr ?? "" };
}

function check() {
  if (!run(".", ["go", "version"], { quiet: true }).ok) return skip("there is no `go` on the PATH");
  const race = run(".", [process.env.CC ?? "cc", "--version"], { quiet: true }).ok ? ["-race"] : [];
  let good = true;
  for (const { folder, tests } of MODULES) {
    const modules = run(folder, ["go", "mod", "download"], { quiet: true, timeout: 120_000 });
    if (!modules.ok) {
      skip(
        `the modules of ${folder} cannot be downloaded: ${modules.stderr.trim().split("\n")[0] || "no answer in two minutes"}`,
      );
      continue;
    }
    good = run(folder, ["go", "vet", "./..."]).ok && good;
    if (tests !== undefined) good = run(folder, ["go", "test", ...race, ...tests]).ok && good;
  }
  process.exitCode = good ? 0 : 1;
}

function skip(why) {
  console.log(`Go modules are not tested: ${why}.`);
}

check();
