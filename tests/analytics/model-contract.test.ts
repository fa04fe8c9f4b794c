import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ModelCard, NO_CARD } from '../../src/analytics/model-card.js'
import { planBatches, toTensorBatch } from '../../src/analytics/tensor-batches.js'
import { item, type Points } from './support/analytics.js'

const text = readFileSync(new URL('../../docs/model-contract.md', import.meta.url), 'utf8')
const [example, fromLast] = [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, block]) => JSON.parse(block!) as Example)

interface Example {
  readonly observations: Points
  readonly target: number
  readonly trajectory: number[][][]
  readonly target_t: number[][]
}

function tensorsOf(card: ModelCard) {
  const items = [item(example!.observations, [example!.target])]
  const [batch] = [...planBatches(items, card, 2)].map((planned) => toTensorBatch(planned, items, card, 2))
  return { trajectory: [...batch!.trajectories], target_t: [...batch!.targets] }
}

test('the tensors of the worked example are those that a model is given', () => {
  expect(tensorsOf(NO_CARD)).toEqual({ trajectory: example!.trajectory.flat(2), target_t: example!.target_t.flat() })
  const card: ModelCard = { ...NO_CARD, time: { scheme: 'from_last', scaleMs: 1000 } }
  expect(tensorsOf(card)).toEqual({ trajectory: fromLast!.trajectory.flat(2), target_t: fromLast!.target_t.flat() })
})
