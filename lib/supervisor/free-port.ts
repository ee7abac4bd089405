import { createServer } from "node:net";
import { HotspanError } from "../errors";

/**
 * @param variable the environment variable that moves the port elsewhere
 * @throws HotspanError `unavailable` with one sentence when the port cannot be listened on
 */
export async function requireFreePort(port: number, host: string, variable: string): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host, exclusive: true }, resolve);
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    const why =
      code === "EADDRINUSE"
        ? `Port ${port} is already in use by another program`
        : `Port ${port} on ${host} cannot be opened (${code})`;
    throw new HotspanError("unavailable", `${why}. Set ${variable} to a free one.`, { cause: error });
  }
  await new Promise((resolve) => server.close(resolve));
}
