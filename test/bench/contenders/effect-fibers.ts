/** By hand in Effect: one child fiber for each step, which joins the fibers of its inputs. */
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Semaphore from "effect/Semaphore";
import type { Contender } from "../contender.ts";
import type { Graph } from "../workloads.ts";
import { effectBody } from "./effect-step.ts";

const execute = ({ nodes, limit }: Graph): Effect.Effect<number> =>
  Effect.gen(function* () {
    const semaphore = limit === undefined ? undefined : yield* Semaphore.make(limit);
    const fibers: Array<Fiber.Fiber<number>> = [];
    for (const node of nodes) {
      const body = (inputs: ReadonlyArray<number>): Effect.Effect<number> => {
        const effect = effectBody(node, inputs, execute);
        return semaphore === undefined ? effect : semaphore.withPermit(effect);
      };
      const { deps } = node;
      fibers.push(
        yield* Effect.forkChild(
          deps.length === 0
            ? body([])
            : deps.length === 1
              ? Effect.flatMap(Fiber.join(fibers[deps[0]!]!), (value) => body([value]))
              : Effect.flatMap(Fiber.joinAll(deps.map((index) => fibers[index]!)), body),
        ),
      );
    }
    return yield* Fiber.join(fibers.at(-1)!);
  });

export const effectFibers: Contender = {
  name: "Effect fibers, fork + join",
  file: "effect-fibers",
  kind: "by hand",
  prepare: (graph) => {
    const program = execute(graph);
    return () => Effect.runPromise(program);
  },
};
