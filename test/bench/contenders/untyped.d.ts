/** Declarations for two of the contenders, whose types the compiler does not find. */
declare module "async" {
  export const auto: (tasks: object, concurrency: number) => Promise<Readonly<Record<string, number>>>;
}

declare module "grfn" {
  type Step = (...inputs: Array<number>) => number | Promise<number>;
  const grfn: (
    steps: ReadonlyArray<readonly [step: Step, reads: ReadonlyArray<Step>]>,
  ) => () => Promise<number>;
  export default grfn;
}
