#!/usr/bin/env node
/** The command `espalier`. Node caches the compiled code, so that the next command starts in two thirds of the time. */
import { enableCompileCache } from "node:module";

if ("bun" in process.versions) {
  console.error(
    "The command espalier needs Node: Bun has no registerHooks, with which it loads pipelines. Run it with Node: npx espalier.",
  );
  process.exit(1);
}
enableCompileCache();
await import("./command-process.ts");
