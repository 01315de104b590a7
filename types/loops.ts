/** The state of a loop, and the checks of the values that its turns return. */
import type { Effect } from "effect/Effect";
import type { Anything } from "./anything.ts";
import type { BranchProblem } from "./branches.ts";
import type { IsSomething } from "./names.ts";
import type { AnyPipeline, DynamicValue } from "./provided.ts";
import type { FallbackValue, ValueIn, ValueOf } from "./returned.ts";
import type { Decoded } from "./schema.ts";

type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** The state: the result of `start`. The compiler has widened its literals, unless `start` has a return type. */
type StateOf<Start> = ValueOf<Start>;

/** The same where `start` may be generic, see `ValueIn`. */
export type StateIn<Name extends string, Start> = ValueIn<Name, Start>;

/** The next state: the turn's direct value, or the output of its pipeline, decoded if there is a schema. */
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
 * The return type of a turn, if it provides the next state; else an error sentence. That is inferred, since the compiler would
 * otherwise infer `Returned` from the types in it.
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

/** Nothing until the turn has been checked: until then, its type may be anything. */
type TurnProblem<Returned, Name extends string, Inputs, Start, Schema> = [Turned<StateOf<Start>>] extends [
  Returned,
]
  ? never
  : [StateOf<Start>] extends [Anything]
    ? never
    : [BranchProblem<ValueOf<Returned>, Name, Inputs>] extends [never]
      ? StateProblem<Returned, Name, Start, Schema>
      : BranchProblem<ValueOf<Returned>, Name, Inputs>;

/** The type that the compiler assumes for `until` when it cannot check it. */
export type AnyUntil<State, Inputs> = (state: State, inputs: Inputs) => boolean;

/** The states that a loop can end with: those that the type guard `until` accepts, else all. */
export type LastState<Until, State> = Until extends (state: any, inputs: any) => state is infer Last
  ? Last
  : State;

/** The fallback, if it is a state or a pipeline that provides one; else an error sentence. */
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

/** The possible return types of a turn, before it is checked: for a state of literals, its literals are not widened. */
export type Turned<State> = State | PromiseLike<State> | Effect<State, any, any> | AnyPipeline;

/**
 * The type of a turn. As it is a condition on `Start`, the compiler computes it from the inferred `Start` before it checks the
 * turn: so the role of a turn that returns `{ role: "user" }` is not widened to `string` if the state lists the roles.
 */
export type KnowingState<Name extends string, Start, Turn> = [Name, { readonly is: Start }] extends [
  string,
  { readonly is: unknown },
]
  ? Turn
  : Turn;
