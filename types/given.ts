/** Options as they are given, under a condition or not: what one adds to the output's type, if it may be left out. */

/** What is given as options, for the compiler to infer. It asks nothing of them. */
export type Seen<Given> = [Given] extends [unknown] ? unknown : Given;

/** May an option be left out of what is given? Where nothing is given, it is. */
type IsLeft<Given, Key extends string> = Given extends { readonly [Each in Key]: infer Value }
  ? undefined extends Value
    ? true
    : false
  : true;

/** What else there is, where an option that some of the options have may be left out: by a condition, for example. */
export type IfLeft<Given, Key extends string, Option, Else> = [Option] extends [never]
  ? never
  : true extends IsLeft<Given, Key>
    ? Else
    : never;
