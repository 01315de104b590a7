/** Weakenings to plant in the types, each as a text and its replacement: code that the compiler then accepts. */

export interface TypePlant {
  /** The mistake that the compiler then accepts. */
  readonly fault: string;
  readonly file: string;
  /** A text that occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

export const typePlants: ReadonlyArray<TypePlant> = [
  {
    fault: "a name that is only possibly in the list of inputs is read as if it were",
    file: "types/reads.ts",
    from: "IsSure<List> extends true ? never : Name extends MayLack<List, Name> ? undefined : never",
    to: "IsSure<List> extends true ? never : Name extends MayLack<List, Name> ? never : never",
  },
  {
    fault: "a name that exists may be given again",
    file: "types/names.ts",
    from: "  IsSomething<Extract<Name, Taken> | (string extends Name",
    to: "  IsSomething<(string extends Name",
  },
  {
    fault: "a sub-pipeline may lack the output that its step exposes",
    file: "types/branches.ts",
    from: "Exclude<Names, NamesOf<Outputs>> extends infer Missing",
    to: "Extract<Names, never> extends infer Missing",
  },
  {
    fault: "a sub-pipeline may read an input as another type than its step",
    file: "types/branches.ts",
    from: "Inputs[Name] extends Needs[Name]",
    to: "never extends Needs[Name]",
  },
  {
    fault: "a case of a switch may be optional",
    file: "types/cases.ts",
    from: "{} extends Pick<Cases, Key>",
    to: "1 extends Pick<Cases, Key>",
  },
  {
    fault: "an output schema need not fit what the step returns",
    file: "types/schema.ts",
    from: "[MayFit<Value, EncodedOf<Schema>>] extends [never]",
    to: "[MayFit<unknown, EncodedOf<Schema>>] extends [never]",
  },
  {
    fault: "a case of a switch need not fit the output schema if another one does",
    file: "types/schema.ts",
    from: "[MayFit<Values[Key], Encoded>] extends [never]",
    to: "[MayFit<unknown, Encoded>] extends [never]",
  },
  {
    fault: "the function of a condition may return any pipeline",
    file: "types/control.ts",
    from: "Exclude<NamesOf<Outputs>, NamesOf<Out<Built>>>",
    to: "Exclude<NamesOf<Out<Built>>, NamesOf<Out<Built>>>",
  },
  {
    fault: "steps may form a cycle",
    file: "types/order.ts",
    from: "[Core<Far, keyof Far>] extends [never]",
    to: "[Core<Far, keyof Far>] extends [keyof Far]",
  },
  {
    fault: "a name that returns hides may be given again",
    file: "types/output-names.ts",
    from: "? Names\n    : never;",
    to: "? Extract<Names, never>\n    : never;",
  },
  {
    fault: 'an output that only some branches of an "all" step provide is always there',
    file: "types/provided.ts",
    from: "[Partial<Records, Name>] extends [never]",
    to: "[Extract<Partial<Records, Name>, never>] extends [never]",
  },
  {
    fault: "a map that may need only some items cannot fail",
    file: "types/provided.ts",
    from: "    : undefined extends Enough\n      ? Failure",
    to: "    : undefined extends Enough\n      ? never",
  },
  {
    fault: "a pipeline that needs services has runPromise",
    file: "types/promise-forms.ts",
    from: "[Services] extends [never]\n  ? Call",
    to: "[Services] extends [unknown]\n  ? Call",
  },
  {
    fault: "a turn of a loop may return another type than the state",
    file: "types/loops.ts",
    from: "[NextState<Returned, Name, Schema>] extends [StateOf<Start>]",
    to: "[NextState<Returned, Name, Schema>] extends [unknown]",
  },
  {
    fault: "steps that are only possibly in a list are taken for steps that are there",
    file: "types/reads.ts",
    from: "[Steps] extends [ReadonlyArray<unknown>] ? IsSure<Steps> : false",
    to: "[Steps] extends [ReadonlyArray<unknown>] ? true : false",
  },
  {
    fault: "an option that a condition leaves out is taken for given",
    file: "types/given.ts",
    from: "true extends IsLeft<Given, Key>",
    to: "1 extends IsLeft<Given, Key>",
  },
  {
    fault: "families that overlap in one list are read as what is of all their types",
    file: "types/added.ts",
    from: "OutputType<Name, TypeOfAny<Meeting<All, Name>>>",
    to: "Families",
  },
  {
    fault:
      'an output that only "all" provides, and not the list that a condition chooses instead, is always there',
    file: "types/provided.ts",
    from: "  | ExposedLists<Extract<List, ReadonlyArray<string>>, Value, Fallback, Schema>\n",
    to: "",
  },
  {
    fault: "a step that reads what a refused condition would add has a second error",
    file: "types/control.ts",
    from: "  ? UnknownOutputs\n",
    to: "  ? {}\n",
  },
  {
    fault: "a pipeline may be reduced to an output that it does not have",
    file: "types/reads.ts",
    from: "export type KeptList<List extends ReadonlyArray<string>, Outputs, Names> = [List[number]] extends [Names]",
    to: "export type KeptList<List extends ReadonlyArray<string>, Outputs, Names> = [List[number]] extends [string]",
  },
  {
    fault: "a pipeline without inputs may be run with one",
    file: "types/promise-forms.ts",
    from: "[keyof Inputs] extends [never] ? NoInputs : Inputs",
    to: "Inputs",
  },
];
