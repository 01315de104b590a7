/**
 * Assembles the published package in `temp/package`: pack it with `npm pack ./temp/package`, release it with `npm
 * publish ./temp/package`.
 */
import { join } from "node:path";
import { root, stage } from "./package.ts";

stage(join(root, "temp/package"));
