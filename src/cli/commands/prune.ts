/** `espalier prune --older 30d`: deletes old runs. */
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import { Runs } from "../../run/runs.ts";
import { failure } from "../failure.ts";
import { tell } from "../output.ts";
import { inStore, storeFlags } from "../store.ts";
import { counted } from "../words.ts";

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const prune = Command.make(
  "prune",
  {
    older: Flag.String("older").pipe(
      Flag.withMetavar("AGE"),
      Flag.withDescription("The minimum time since a run's last activity: 30d, 12h, 45m, 90s or 2w"),
    ),
    resumable: Flag.Boolean("resumable").pipe(
      Flag.withDescription("Also delete runs that can be resumed: failed, interrupted and crashed ones"),
      Flag.withDefault(false),
    ),
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ older, resumable, store }) {
    const found = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(older.trim());
    if (found === null)
      return yield* failure(`--older must be an age such as 30d, 12h, 45m, 90s or 2w; got "${older}".`);
    const olderThan = Number(found[1]) * units[found[2]!]!;
    const count = yield* inStore(store, Runs.prune({ olderThan, resumable }));
    tell(`${counted(count, "run")} forgotten.`);
  }),
).pipe(
  Command.withDescription(
    "Delete old runs that succeeded, with data that only they use, and cached outputs of that age. Runs that can be resumed are kept, unless --resumable is given.",
  ),
  Command.withShortDescription("Delete old runs"),
);
