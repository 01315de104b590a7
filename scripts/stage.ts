/** Puts what is published into `temp/package`: pack it by `npm pack ./temp/package`, release it by `npm publish ./temp/package`. */
import { join } from "node:path";
import { root, stage } from "./package.ts";

stage(join(root, "temp/package"));
