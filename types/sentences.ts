/**
 * Error sentences that replace a type. They are read by their key: for a type with a name of its own, the compiler would print the
 * name.
 */
export interface Sentences {
  readonly duration: ["Write '5 seconds' or a number of milliseconds."];
  readonly severalPipelines: [
    "This may be one of several pipelines with different outputs. Add the step to each of them before they become one value.",
  ];
  readonly stepReturned: [
    "A returned standalone step does not run: it would be the output. Return a pipeline with it: pipeline(name).add(step), or addAll for a list.",
  ];
  readonly bareEffect: [
    "fallback must be a value or a function of the error, and this is an Effect. Write () => effect.",
  ];
  readonly minSuccessAlone: [
    'minSuccess must be used with failures: "collect", since otherwise every item must succeed. Add that option, or remove minSuccess.',
  ];
  readonly untimedFallback: [
    "fallback is used once the timeout has passed, but there is no timeout. Add one, or remove fallback.",
  ];
  readonly otherPipeline: [
    "build must return the pipeline that it was given, with steps added to it: (p) => p.step(…). It must not call returns or only.",
  ];
  readonly noSchema: ["schema must be an Effect Schema, a Standard Schema or type<T>()."];
  /** Of a name without its array, the compiler knows as much as of an array of strings. */
  readonly unknownInputs: [
    "inputs must be an array of names: write ['a', 'b']. If it is one of the type string, the compiler cannot tell which names: write 'as const' after it, or give it a type with literals.",
  ];
  /** As texts: of an array and a list of one sentence, the compiler would compare the elements. */
  readonly cases: "cases must be a record of functions: write { a: () => …, b: () => … }.";
  readonly contenders: "contenders must be a record of functions: write { a: () => …, b: () => … }.";
  readonly unknownOutputs: [
    "outputs must be an array of names: write ['a', 'b']. If it is one of the type string, the compiler cannot tell which names: write 'as const' after it, or give it a type with literals.",
  ];
}
