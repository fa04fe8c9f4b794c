import { type Outcome, type PredictionItem, type Predictor, refused } from '../prediction.js'
import { lengthOf, vectorAt } from '../trajectory.js'
import { createSlices } from './slices.js'

/**
 * The line through the last two observations: y(t) = y2 + (y2 - y1) (t - t2) / (t2 - t1), in double, then narrowed.
 *
 * It refuses a context of one observation (`too_few_observations`) and a line that leaves float32 (`non_finite_output`).
 */
export const linear: Predictor = {
  context: { min: 2, max: 2 },

  async predict(items, { signal }) {
    const slices = createSlices(signal)
    const answers: Outcome[][] = []
    for (const item of items) {
      answers.push(continueLine(item))
      if (slices.isOver()) await slices.next()
    }
    return answers
  },
}

function continueLine({ context, targets }: PredictionItem): Outcome[] {
  if (lengthOf(context) < 2) return Array.from(targets, () => refused('too_few_observations', 'A line needs two observations; there is one.'))
  const [t1, t2] = context.timestamps.subarray(-2) as unknown as [number, number]
  const y1 = vectorAt(context, -2)
  const y2 = vectorAt(context, -1)
  return Array.from(targets, (t) => pointOnLine(y1, y2, (t - t2) / (t2 - t1)))
}

/** @param steps  How far beyond y2, in units of the way from y1 to y2. */
function pointOnLine(y1: Float32Array, y2: Float32Array, steps: number): Outcome {
  const vector = new Float32Array(y2.length)
  for (let d = 0; d < vector.length; d++) {
    vector[d] = y2[d]! + (y2[d]! - y1[d]!) * steps
    if (!Number.isFinite(vector[d])) {
      return refused('non_finite_output', 'The line through the last two observations leaves the range of float32 before the target.')
    }
  }
  return { kind: 'vector', vector }
}
