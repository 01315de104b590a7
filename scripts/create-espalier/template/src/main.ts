import { report } from "./pipeline.ts";

const { summary } = await report.runPromise({
  readings: [
    { sensor: "kitchen", value: 20.5 },
    { sensor: "cellar", value: 11 },
    { sensor: "kitchen", value: 21.5 },
  ],
});
console.log(summary);
