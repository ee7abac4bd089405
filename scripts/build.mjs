/** `npm run build`: everything `npm start` needs, without starting it (an image, a read-only machine). */
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
try {
  await prepare();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
