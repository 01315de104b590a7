/** What a step adds to the outputs of its pipeline. */
import type { AllNames, IsOne, NewName, ValidName } from "./names.ts";
import type { Flat, Joined, Lookup, NamesOf, OutputType, PlainOutputs, TakenBy } from "./outputs.ts";
import type { ValueOf } from "./returned.ts";

/** The key of a pipeline's types. Nothing of it exists at run time. */
export declare const typesOf: unique symbol;

/** The four types of a pipeline, for other types to read. Nothing of it exists at run time. */
export interface PipelineTypes<in out Inputs, in out Outputs, out Failure, out Services> {
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly names: NamesOf<Outputs>;
  readonly taken: TakenBy<Outputs>;
  readonly all: AllNames<TakenBy<Outputs>>;
  readonly failure: Failure;
  readonly services: Services;
}

/** Whatever has the types of a pipeline. */
export interface Typed<in out Inputs, in out Outputs, out Failure, out Services> {
  readonly [typesOf]: PipelineTypes<Inputs, Outputs, Failure, Services>;
}

/** Any pipeline, for members to find their own types by. */
export interface AnyPipeline {
  readonly [typesOf]: PipelineTypes<any, any, any, any>;
}

/** One of the names in `outputs`, where what the step returns has it and it is new; else the sentence. */
export type DeclaredOutput<Name extends string, Returned, Taken> = [string] extends [Name]
  ? ValidName<Name>
  : IsOne<Name> extends true
    ? NewName<Name, Taken>
    : Name extends Lacking<Name, ValueOf<Returned>>
      ? `The step declares the output '${Name}', and what it returns has none of that name.`
      : NewName<Name, Taken>;

/**
 * The names that some value of what is returned has not. Nothing for `unknown`: it may have them, and it is what the
 * compiler takes while the function has yet to be looked at.
 */
type Lacking<Names, Value> = unknown extends Value
  ? never
  : Value extends unknown
    ? Exclude<Names, keyof Value>
    : never;

/** A step's outputs: one is the value itself, several are the record that the value is. */
export type StepOutputs<Names extends string, Value> =
  IsOne<Names> extends true
    ? { readonly [Name in Names]: Value }
    : unknown extends Value
      ? { readonly [Name in Names]: Value }
      : { readonly [Name in Names]: Name extends keyof Value ? Value[Name] : any };

/**
 * What an expansion exposes under each name: the union over its branches. Written in one piece: an alias for what one
 * branch gives would stand in the declarations of whoever exports a pipeline.
 */
export type ExpansionOutputs<Names extends string, Value> = {
  readonly [Name in Names]: Value extends Typed<any, infer Outputs, any, any>
    ? Lookup<Outputs, Name>
    : IsOne<Names> extends true
      ? Value
      : Name extends keyof Value
        ? Value[Name]
        : never;
};

/** Of one branch, the record of what it provides. */
type BranchRecord<Branch> =
  Branch extends Typed<infer Inputs, infer Outputs, any, any>
    ? Omit<PlainOutputs<Outputs>, keyof Inputs>
    : Branch;

type KeysOfAny<Records> = Records extends unknown ? keyof Records : never;

type MergedOutput<Records, Name> = Records extends unknown
  ? Name extends keyof Records
    ? Records[Name]
    : undefined
  : never;

/**
 * All outputs of all branches: those that only some provide may be undefined. The records are made of a union of references,
 * which is inferred: so the compiler works out each type now, and keeps nothing of the branches. What is nested it would
 * otherwise work out all at once, deeper than it can go.
 */
export type AllOutputs<Value> =
  MergedUnion<BranchRecord<Value>> extends infer Union extends OutputType<string, unknown>
    ? Flat<Joined<Union>>
    : never;

/** A conditional type, since a union that an alias names would keep the arguments of that alias. */
type MergedUnion<Records> = [Records] extends [never]
  ? never
  : {
      [Name in KeysOfAny<Records>]: OutputType<Name & string, MergedOutput<Records, Name>>;
    }[KeysOfAny<Records>];

/**
 * The errors of the sub-pipelines among what an expansion may return. None of `any`, as for a step that returns it: what
 * is not known of a value says nothing about the pipeline.
 */
export type BranchErrors<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, infer Failure, any>
        ? Failure
        : never
    : never;

/** The services of the sub-pipelines among what an expansion may return; none of `any`, likewise. */
export type BranchNeeds<Returned> =
  ValueOf<Returned> extends infer Branch
    ? 0 extends 1 & Branch
      ? never
      : Branch extends Typed<any, any, any, infer Services>
        ? Services
        : never
    : never;
