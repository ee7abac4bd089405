/** `node --import @hotspan/node/register app.js`: the same without a line of code, by HOTSPAN_URL and OTEL_SERVICE_NAME. */
import { startHotspan } from "./index";

startHotspan({
  url: process.env.HOTSPAN_URL ?? "http://localhost:3000",
  flushOn: ["SIGTERM", "beforeExit"],
});
