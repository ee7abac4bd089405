import type { Hash64 } from "@/lib/profile/hash64";

const FUNCTION_SEED = 0x0f01;

/** Files of languages whose names say too little. */
const SCRIPT_FILE =
  /\.(?:[cm]?[jt]sx?|py|rb|php|lua|ex|exs)(?:$|[?#])|^(?:node|evalmachine|file|webpack|app):/;

/**
 * What makes two functions the same one, over all profiles, versions and machines.
 *
 * The name alone, as `go tool pprof -top` merges: in Go, Java, C++ and Rust it carries its package, and the same
 * function must stay one although its file's path differs from build to build. In script languages a name does not
 * say where it lives (`get`, `(anonymous)`), so the file is part of it, and of nameless functions the line they begin.
 */
export function identifyFunction(hash: Hash64, name: string, file: string, startLine: number): Hash64 {
  hash.reset(FUNCTION_SEED).text(name);
  if (!file.endsWith(".go") && SCRIPT_FILE.test(file)) {
    hash.text(file);
    if (name === "" || name.startsWith("(anonymous") || name === "<lambda>") hash.pair(startLine, 0);
  }
  return hash.finish();
}
