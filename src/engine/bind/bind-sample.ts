import type { Sample } from '../syntax/statement.js'
import type { Binder } from './bind-clauses.js'
import type { BoundSample } from './bound.js'
import { SampleScope } from './sample-scope.js'
import type { SelectScope } from './select-scope.js'

/** What the rest of the statement looks at. */
interface Uses {
  readonly filter: Pick<SelectScope, 'observations'>
  readonly rows: SelectScope
  readonly isGrouped: boolean
}

export function bindSample(sample: Sample, { filter, rows, isGrouped }: Uses, { values, mistakes }: Binder): BoundSample {
  const step = values.interval(sample.step)
  if (step.months < 0 || step.ms < 0 || step.months + step.ms === 0) throw mistakes.type(sample.step, 'SAMPLE BY takes a span of time above 0.')
  const { fill = 'none' } = sample
  if (fill === 'predict' && isGrouped)
    throw mistakes.type(sample, 'FILL (PREDICT) continues vectors, and no method predicts aggregates. Fill these with NULL, PREVIOUS or LINEAR.')
  if (fill === 'predict' && filter.observations)
    throw mistakes.type(
      sample,
      'FILL (PREDICT) continues whole trajectories, of which WHERE may leave nothing out: test entity and attributes alone.',
    )
  return { step, fill, showsMethod: rows instanceof SampleScope && rows.predictions }
}
