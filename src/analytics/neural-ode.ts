import { availableParallelism } from 'node:os'
import { InvariantError } from '../errors.js'
import { type Outcome, type Predictor, refused } from '../prediction.js'
import { Slice } from '../slice.js'
import { abortable } from './abortable.js'
import type { ServingModel } from './serving-model.js'
import { type PlannedBatch, planBatches, rowBytes, toTensorBatch } from './tensor-batches.js'

/** Batches that wait or run: enough that no thread of the addon is idle, at most so many bytes. */
const IN_FLIGHT_MAX = 16
const IN_FLIGHT_BYTES_MAX = 64 * 1024 * 1024

export interface NeuralOdeOptions {
  readonly model: ServingModel
  readonly dimension: number
  /** Bounds each native call from its start. */
  readonly timeoutMs: number
  /** Of the addon; 0: as many as there are processors. */
  readonly threads: number
}

/** Asks a loaded model, batch by batch, several at a time. Their answers do not depend on which comes first. */
export function neuralOde({ model, dimension, timeoutMs, threads }: NeuralOdeOptions): Predictor {
  const inFlightMax = Math.min(IN_FLIGHT_MAX, (threads === 0 ? availableParallelism() : threads) + 1)
  return {
    context: { min: 1 },

    async predict(items, { signal }) {
      const outcomes = items.map(({ targets }) => new Array<Outcome>(targets.length))
      const slice = new Slice()
      const inFlight = new Set<Promise<void>>()
      for (const batch of planBatches(items, model.card, dimension)) {
        const call = model.predict(toTensorBatch(batch, items, model.card, dimension), timeoutMs, signal).then((answers) => {
          placeOutcomes(answers, batch, outcomes, dimension)
          inFlight.delete(call) // one that failed stays, so that whoever waits next throws it
        })
        inFlight.add(call)
        call.catch(() => {}) // nobody may wait any more
        const bytes = inFlight.size * batch.rows.length * rowBytes(batch, dimension)
        if (inFlight.size >= inFlightMax || bytes >= IN_FLIGHT_BYTES_MAX) await abortable(Promise.race(inFlight), signal)
        const pause = slice.pause()
        if (pause !== undefined) await abortable(pause, signal)
      }
      await abortable(Promise.all(inFlight), signal)
      return outcomes
    },
  }
}

/** Puts the B * K answers of a batch where their items and targets are. */
function placeOutcomes(answers: readonly Outcome[], batch: PlannedBatch, outcomes: Outcome[][], dimension: number): void {
  const { rows, targetsPerItem } = batch
  if (answers.length !== rows.length * targetsPerItem) {
    throw new InvariantError(`the torch addon gave ${answers.length} outcomes to ${rows.length} rows of ${targetsPerItem} targets`)
  }
  for (const [r, { item, target }] of rows.entries()) {
    for (let k = 0; k < targetsPerItem; k++) outcomes[item]![target + k] = checked(answers[r * targetsPerItem + k]!, dimension)
  }
}

/** What comes from native code is believed after a look: its length, and that it is finite. */
function checked(outcome: Outcome, dimension: number): Outcome {
  if (outcome.kind === 'refused') return outcome
  const { vector } = outcome
  if (vector.length !== dimension) return refused('bad_output_shape', `The model should answer with ${dimension} numbers; it gave ${vector.length}.`)
  if (!vector.every(Number.isFinite)) return refused('non_finite_output', 'The model answered with NaN or Infinity.')
  return outcome
}
