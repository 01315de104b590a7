/** Compares types exactly: `any`, `unknown`, `readonly` and optional members count. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `same<A, B>(true)` compiles where both are the same type. */
export const same = <A, B>(equal: Same<A, B>): void => void equal;
