import type { Outcome, PredictionItem, Predictor } from '../prediction.js'
import { Slice } from '../slice.js'
import { abortable } from './abortable.js'

/** One whose answer needs no waiting. */
export interface ImmediatePredictor extends Predictor {
  predictNow(item: PredictionItem): Outcome[]
}

/** Asked for many items, it lets others have their turn in between. */
export function immediatePredictor(context: Predictor['context'], predictNow: ImmediatePredictor['predictNow']): ImmediatePredictor {
  return {
    context,
    predictNow,
    async predict(items, { signal }) {
      const slice = new Slice()
      const answers: Outcome[][] = []
      for (const item of items) {
        answers.push(predictNow(item))
        const pause = slice.pause()
        if (pause !== undefined) await abortable(pause, signal)
      }
      return answers
    },
  }
}
