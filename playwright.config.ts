import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig, devices } from "@playwright/test";

/**
 * The browser tests use what a user uses: `npm start` on an empty folder, which loads the recorded sample data.
 * The configuration is read again in every worker, so what is chosen once travels in the environment.
 */
// Below the range that the system hands out to others.
process.env.HOTSPAN_E2E_PORT ??= String(10_000 + (process.pid % 6_000));
const port = Number(process.env.HOTSPAN_E2E_PORT);
process.env.HOTSPAN_E2E_DATA ??= mkdtempSync(join(tmpdir(), "hotspan-e2e-"));

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json", { outputFile: ".cache/playwright.json" }]],
  use: {
    ...devices["Desktop Chrome"],
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.HOTSPAN_CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: "node scripts/start.mjs",
    url: `http://127.0.0.1:${port}/api/v1/health`,
    timeout: 180_000,
    // While working on a test: HOTSPAN_E2E_PORT names a server that is up.
    reuseExistingServer: process.env.HOTSPAN_E2E_REUSE !== undefined,
    stdout: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
    env: {
      PORT: String(port),
      HOTSPAN_OTLP_HTTP_PORT: String(port + 8_000),
      HOTSPAN_OTLP_GRPC_PORT: String(port + 16_000),
      HOTSPAN_DATA: process.env.HOTSPAN_E2E_DATA,
      HOTSPAN_SAMPLE_DATA: "auto",
    },
  },
});
