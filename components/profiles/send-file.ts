import { errorBody } from "@/lib/api/contract";
import { type ImportResponse, importResponse } from "@/lib/api/import-contract";

/**
 * Sends a file as it lies on the disk: the browser reads it while it leaves. By XMLHttpRequest, because fetch does not
 * say how much of a body has been sent.
 *
 * @param onProgress bytes that have left
 * @throws Error with a sentence to show; any when `signal` ended it
 */
export function sendFile(
  url: string,
  file: File,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<ImportResponse> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (message: string) => reject(new Error(message));
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.upload.onload = () => onProgress(file.size);
    request.onabort = () => fail("It was cancelled.");
    request.onerror = () =>
      fail("It could not be sent: Hotspan does not answer, or the file can no longer be read.");
    request.onloadend = () => signal.removeEventListener("abort", abort);
    request.onload = () => {
      const answer: unknown = request.response;
      const stored = importResponse.safeParse(answer);
      if (request.status === 200 && stored.success) return resolve(stored.data);
      const refused = errorBody.safeParse(answer);
      fail(
        refused.success
          ? refused.data.error.message
          : `Hotspan answered with status ${request.status} and no reason.`,
      );
    };
    request.send(file);
  });
}
