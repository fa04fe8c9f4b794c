import { expect, test } from 'vitest'
import type { ImmediateAnswer } from '../../src/analytics/index.js'
import type { AnalyticsConfig } from '../../src/config.js'
import { collection, item, open, predictor, vectorOf } from './support/analytics.js'

const words = collection(2)
const line = item([[0, [0, 0]], [1000, [1, 2]]], [3000]) // biome-ignore format: pairs
const point = item([[0, [4, 5]]], [3000]) // biome-ignore format: pairs
const steep = item([[0, [0, 0]], [1, [3e38, 1]]], [3000]) // biome-ignore format: pairs
const mine = predictor(() => vectorOf(0, 0))

function answer(config: Partial<AnalyticsConfig>, asked = line, request: object = {}): ImmediateAnswer {
  return open(config, { predictors: { mine } }).analytics.predictNow({ collection: words, ...request }, asked)
}

test('linear and last answer at once, in the order of the route', () => {
  expect(answer({})).toMatchObject({ kind: 'answered', answer: { vector: Float32Array.of(3, 6), method: 'linear', contextCount: 2 } })
  expect(answer({ method: 'last' })).toMatchObject({ answer: { vector: Float32Array.of(1, 2), method: 'last', contextCount: 1 } })
  expect(answer({}, line, { methods: ['last'] })).toMatchObject({ answer: { method: 'last', firstRefusal: undefined } })
  expect(answer({}, point)).toMatchObject({
    answer: { vector: Float32Array.of(4, 5), method: 'last', firstRefusal: { reason: 'too_few_observations' } },
  })
})

test('a method that has to be waited for is named with the reason why it is asked', () => {
  expect(answer({ neuralOde: true })).toEqual({ kind: 'waits', method: 'neural_ode', reason: 'neural_ode = true in [analytics]' })
  expect(answer({ method: 'mine' })).toEqual({ kind: 'waits', method: 'mine', reason: 'method = "mine" in [analytics]' })
  expect(answer({ fallback: 'mine' })).toMatchObject({ kind: 'answered' })
  expect(answer({ fallback: 'mine' }, point)).toEqual({ kind: 'waits', method: 'mine', reason: 'the fallback of "linear"' })
  expect(() => answer({}, line, { methods: ['liner'] })).toThrow(expect.objectContaining({ code: 'NOT_FOUND', wanted: 'liner' }))
})

test("without a fallback it tells the refusal, and with one the operator is warned of the method's own", () => {
  expect(answer({ fallback: 'error' }, point)).toMatchObject({ kind: 'refused', tried: ['linear'], refusal: { reason: 'too_few_observations' } })
  const { analytics, warnings } = open({})
  for (const asked of [steep, steep, point]) analytics.predictNow({ collection: words }, asked)
  expect(warnings).toMatchObject([{ code: 'PREDICTION_FALLBACK', reason: 'non_finite_output', asked: 'linear', answered: 'last' }])
})
