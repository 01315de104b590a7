/** The state of a loop, and the checks of what its turns return. */
import type { Effect } from "effect/Effect";
import type { BranchProblem } from "./branches.ts";
import type { IsSomething } from "./names.ts";
import type { AnyPipeline, DynamicValue } from "./provided.ts";
import type { FallbackValue, ValueIn, ValueOf } from "./returned.ts";
import type { Decoded } from "./schema.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** The state: what `start` gives. The compiler has widened its literals, unless `start` says what it returns. */
type StateOf<Start> = ValueOf<Start>;

/** The same where `start` may be generic, see `ValueIn`. */
export type StateIn<Name extends string, Start> = ValueIn<Name, Start>;

/** What a turn makes of the state: its direct value, or what its pipeline provides, decoded where there is a schema. */
type NextState<Returned, Name extends string, Schema> = Decoded<
  Schema,
  DynamicValue<Name, ValueOf<Returned>>
>;

type StateProblem<Returned, Name extends string, Start, Schema> =
  IsAny<ValueOf<Returned>> extends true
    ? never
    : [NextState<Returned, Name, Schema>] extends [StateOf<Start>]
      ? never
      : [
          `A turn of the loop '${Name}' must return the next state, which has the type`,
          StateOf<Start>,
          "and it returns",
          NextState<Returned, Name, Schema>,
        ];

/**
 * What a turn returns, where it provides the next state; else the sentence, which is inferred: else the compiler would infer
 * `Returned` from the types in it.
 */
export type Turn<Returned, Name extends string, Inputs, Start, Schema> = [
  IsSomething<TurnProblem<Returned, Name, Inputs, Start, Schema>>,
] extends [true]
  ? TurnProblem<Returned, Name, Inputs, Start, Schema> extends infer Problem
    ? Problem
    : never
  : [Turned<StateOf<Start>>] extends [Returned]
    ? Returned | {} | null | undefined | void
    : Returned;

/** Nothing until the turn has been looked at: it may be all that there is. */
type TurnProblem<Returned, Name extends string, Inputs, Start, Schema> = [Turned<StateOf<Start>>] extends [
  Returned,
]
  ? never
  : [BranchProblem<ValueOf<Returned>, Name, Inputs>] extends [never]
    ? StateProblem<Returned, Name, Start, Schema>
    : BranchProblem<ValueOf<Returned>, Name, Inputs>;

/** What the compiler takes for `until` where it cannot look at it. */
export type AnyUntil<State> = (state: State, inputs: any) => boolean;

/** The states that a loop ends with: those that `until` is a guard of, else all. */
export type LastState<Until, State> = Until extends (state: any, inputs: any) => state is infer Last
  ? Last
  : State;

/** Whatever is a fallback, where it is a state, or a pipeline that provides one; else the sentence. */
export type FallbackState<Fallback, Name extends string, Inputs, Start> = [
  IsSomething<BranchProblem<FallbackValue<Fallback>, Name, Inputs>>,
] extends [true]
  ? BranchProblem<FallbackValue<Fallback>, Name, Inputs>
  : IsAny<FallbackValue<Fallback>> extends true
    ? unknown
    : [DynamicValue<Name, FallbackValue<Fallback>>] extends [StateOf<Start>]
      ? unknown
      : [
          `A fallback of the loop '${Name}' must be a state, which has the type`,
          StateOf<Start>,
          "and this is",
          DynamicValue<Name, FallbackValue<Fallback>>,
        ];

/** What a turn may return, before it is looked at: of a state that is literals, its own are not widened. */
export type Turned<State> = State | PromiseLike<State> | Effect<State, any, any> | AnyPipeline;

/**
 * The type of a turn. As a condition on `Start` the compiler makes it of what it has found for `Start`, before it looks at the
 * turn: so a turn that returns `{ role: "user" }` returns no `string`, where the state says which roles there are.
 */
export type KnowingState<Name extends string, Start, Turn> = [Name, { readonly is: Start }] extends [
  string,
  { readonly is: unknown },
]
  ? Turn
  : Turn;
