/**
 * Error sentences that replace a type. They are read by their key: for a type with a name of its own, the compiler would print the
 * name.
 */
export interface Sentences {
  readonly duration: ["Write '5 seconds' or a number of milliseconds."];
  readonly severalPipelines: [
    "This may be one of several pipelines with different outputs. Add the step to each of them before they become one value.",
  ];
  readonly noSchema: ["schema must be an Effect Schema, a Standard Schema or type<T>()."];
}
