import { vectorAt } from '../trajectory.js'
import { type ImmediatePredictor, immediatePredictor } from './immediate-predictor.js'

/** The last vector, whatever the target. It answers everything, so it stands at the end of every route. */
export const last: ImmediatePredictor = immediatePredictor({ min: 1, max: 1 }, ({ context, targets }) =>
  Array.from(targets, () => ({ kind: 'vector', vector: vectorAt(context, -1).slice() })),
)
