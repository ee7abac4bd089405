/**
 * A Chromium for the browser tests: one that is here, else Playwright's own download, else the system's packages.
 * Run with plain Node after the dependencies are installed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Each way to install the package `chromium`, tried only where its program exists. */
const PACKAGE_MANAGERS = [
  {
    program: "apt-get",
    commands: [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "chromium"],
    ],
  },
  { program: "dnf", commands: [["dnf", "install", "-y", "chromium"]] },
  { program: "apk", commands: [["apk", "add", "chromium"]] },
  { program: "pacman", commands: [["pacman", "-S", "--noconfirm", "chromium"]] },
  { program: "brew", commands: [["brew", "install", "--cask", "chromium"]] },
];

const which = (name) => {
  const found = spawnSync(process.platform === "win32" ? "where" : "which", [name], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.split("\n")[0].trim() : undefined;
};

/** A path counts only if the program there starts: distributions ship launchers for browsers that are not installed. */
function works(path) {
  return (
    path !== undefined &&
    existsSync(path) &&
    spawnSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 }).status === 0
  );
}

async function playwrightsOwn() {
  const { chromium } = await import("@playwright/test");
  return chromium.executablePath();
}

function installWithSystem() {
  const root = process.getuid?.() === 0;
  for (const { program, commands } of PACKAGE_MANAGERS) {
    if (which(program) === undefined) continue;
    for (const command of commands) {
      const [file, ...args] = root || program === "brew" ? command : ["sudo", "-n", ...command];
      if (spawnSync(file, args, { stdio: ["ignore", "ignore", "inherit"] }).status !== 0) return;
    }
    return;
  }
}

/**
 * @returns {Promise<string>} path of a Chromium that starts
 * @throws Error with one sentence when none can be had
 */
export async function findChromium({ log = console.log } = {}) {
  const installed = () => [process.env.HOTSPAN_CHROMIUM, ...NAMES.map(which), ...MAC].find(works);
  const here = installed();
  if (here !== undefined) return here;

  const own = await playwrightsOwn();
  if (works(own)) return own;
  log("No Chromium here: downloading Playwright's.");
  try {
    execFileSync(
      process.execPath,
      ["node_modules/@playwright/test/cli.js", "install", "chromium-headless-shell", "chromium"],
      {
        stdio: ["ignore", "ignore", "pipe"],
        timeout: 300_000,
      },
    );
  } catch {
    log("That download is not reachable: asking the system's package manager.");
  }
  if (works(own)) return own;

  installWithSystem();
  const packaged = installed();
  if (packaged !== undefined) return packaged;
  throw new Error("The browser tests need a Chromium: install one, or name it in HOTSPAN_CHROMIUM.");
}
