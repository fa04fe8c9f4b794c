import type { Outcome, Predictor } from '../prediction.js'
import { Slice } from '../slice.js'
import { vectorAt } from '../trajectory.js'
import { abortable } from './abortable.js'

/** The last vector, whatever the target. It answers everything, so it stands at the end of every route. */
export const last: Predictor = {
  context: { min: 1, max: 1 },

  async predict(items, { signal }) {
    const slice = new Slice()
    const answers: Outcome[][] = []
    for (const { context, targets } of items) {
      answers.push(Array.from(targets, () => ({ kind: 'vector', vector: vectorAt(context, -1).slice() })))
      const pause = slice.pause()
      if (pause !== undefined) await abortable(pause, signal)
    }
    return answers
  },
}
