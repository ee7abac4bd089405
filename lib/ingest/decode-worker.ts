/** A worker thread that decodes one body at a time, so that the thread that answers requests stays free. */
import { parentPort } from "node:worker_threads";
import { buffersOfResult, type DecodeTask, runDecodeTask, toFailure } from "@/lib/ingest/decode-task";

const port = parentPort;
if (port === null) throw new Error("The decode worker is started by the ingest process.");

port.on("message", (task: DecodeTask) => {
  try {
    const result = runDecodeTask(task);
    port.postMessage({ result }, buffersOfResult(result));
  } catch (error) {
    port.postMessage({ failure: toFailure(error) });
  }
});
