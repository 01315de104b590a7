import { dynamic, pipeline, step, type } from "espalier";

export interface Reading {
  readonly sensor: string;
  readonly value: number;
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The sensors are known only once the readings are available. A dynamic step inspects them, and returns a pipeline with a
 * step for each sensor; the steps run at the same time.
 */
export const means = dynamic("means", ["readings"], ({ readings }: { readings: ReadonlyArray<Reading> }) => {
  const sensors = [...new Set(readings.map(({ sensor }) => sensor))];
  return pipeline("bySensor")
    .addAll(
      sensors.map((sensor, index) =>
        step(`mean ${index}`, [], async () => ({
          sensor,
          mean: mean(readings.filter((reading) => reading.sensor === sensor).map(({ value }) => value)),
        })),
      ),
    )
    .step("means", ["mean *"], (found) => Object.values(found["mean *"]));
});

export const report = pipeline("report")
  .input("readings", type<ReadonlyArray<Reading>>())
  .add(means)
  .step("summary", ["means"], ({ means }) =>
    means.map(({ sensor, mean }) => `${sensor}: ${mean.toFixed(1)}`).join("\n"),
  );
