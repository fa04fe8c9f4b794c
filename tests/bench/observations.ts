import type { ObservationInput } from 'chronode'
import { randomNumbers } from '../support/random-numbers.ts'
import { START, STEP_MS } from './workload.ts'

/** How many different vectors there are: enough that neither side finds them all in the processor's nearest cache. */
const VECTORS = 4096

export type Batch = readonly ObservationInput[]

/** Observations to write: both sides are given the same ones, in the same batches, made outside the clock. */
export class Source {
  readonly dimension: number
  readonly #vectors: readonly Float32Array[]

  constructor(dimension: number) {
    this.dimension = dimension
    const random = randomNumbers(dimension)
    const count = Math.min(VECTORS, Math.ceil(2 ** 25 / (4 * dimension)))
    this.#vectors = Array.from({ length: count }, () => Float32Array.from({ length: dimension }, () => random() - 0.5))
  }

  observation(entity: number, step: number): ObservationInput {
    const vector = this.#vectors[(entity * 31 + step) % this.#vectors.length]!
    return { entity: nameOf(entity), timestamp: timeOf(step), vector }
  }

  /** One entity after another, in time order. Batches do not end where entities do. */
  *sorted(count: number, perEntity: number, batchSize: number): Generator<Batch> {
    for (let start = 0; start < count; start += batchSize) {
      const length = Math.min(batchSize, count - start)
      yield Array.from({ length }, (_, i) => this.observation(Math.floor((start + i) / perEntity), (start + i) % perEntity))
    }
  }

  /** All entities at one moment, then all at the next: a batch a moment. */
  *live(entities: number, moments: number): Generator<Batch> {
    for (let step = 0; step < moments; step++) yield Array.from({ length: entities }, (_, entity) => this.observation(entity, step))
  }
}

export function nameOf(entity: number): string {
  return `entity-${entity}`
}

export function timeOf(step: number): number {
  return START + step * STEP_MS
}
