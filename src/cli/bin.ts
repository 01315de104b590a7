#!/usr/bin/env node
/** The command `espalier`. Node keeps what it compiles, so that the next command starts in two thirds of the time. */
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./command-process.ts");
