/** Lists the tests that failed at first and passed at their second try, with the errors of the first try. */
import type { Reporter, TestModule } from "vitest/node";

export class FlakyReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue;
        const errors = test.result().errors ?? [];
        console.log(`flaky: ${module.relativeModuleId} > ${test.fullName}`);
        for (const { message } of errors) console.log(message.replaceAll(/^/gm, "  "));
      }
    }
  }
}
