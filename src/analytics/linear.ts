import { type Outcome, type PredictionItem, refused } from '../prediction.js'
import type { Trajectory } from '../trajectory.js'
import { type ImmediatePredictor, immediatePredictor } from './immediate-predictor.js'

/**
 * The line through the last two observations: y(t) = y2 + (y2 - y1) (t - t2) / (t2 - t1), in double, then narrowed.
 *
 * It refuses a context of one observation (`too_few_observations`) and a line that leaves float32 (`non_finite_output`).
 */
export const linear: ImmediatePredictor = immediatePredictor({ min: 2, max: 2 }, continueLine)

function continueLine({ context, targets }: PredictionItem): Outcome[] {
  const { timestamps } = context
  const T = timestamps.length
  const outcomes = new Array<Outcome>(targets.length)
  if (T < 2) return outcomes.fill(refused('too_few_observations', 'A line needs two observations; there is one.'))
  const t1 = timestamps[T - 2]!
  const t2 = timestamps[T - 1]!
  for (let k = 0; k < targets.length; k++) outcomes[k] = pointOnLine(context, (targets[k]! - t2) / (t2 - t1))
  return outcomes
}

/** @param steps  How far beyond y2, in units of the way from y1 to y2. */
function pointOnLine({ vectors, dimension }: Trajectory, steps: number): Outcome {
  const y1 = vectors.length - 2 * dimension
  const y2 = vectors.length - dimension
  const vector = new Float32Array(dimension)
  for (let d = 0; d < dimension; d++) {
    vector[d] = vectors[y2 + d]! + (vectors[y2 + d]! - vectors[y1 + d]!) * steps
    if (!Number.isFinite(vector[d])) {
      return refused('non_finite_output', 'The line through the last two observations leaves the range of float32 before the target.')
    }
  }
  return { kind: 'vector', vector }
}
