import { expect, test } from 'vitest'
import type { Answer, RouteStep } from '../../src/analytics/index.js'
import { last } from '../../src/analytics/last.js'
import { linear } from '../../src/analytics/linear.js'
import { predictInOrder } from '../../src/analytics/predict-in-order.js'
import { refused } from '../../src/prediction.js'
import { item, never, predictor, steady, vectorOf } from './support/analytics.js'

const step = (method: string, own: RouteStep['predictor'], rest: Partial<RouteStep> = {}): RouteStep => ({
  method,
  role: 'asked',
  predictor: own,
  ...rest,
})

function told(answers: readonly (readonly Answer[])[]) {
  return answers.map((list) =>
    list.map(({ vector, method, contextCount, firstRefusal }) => [vector && [...vector], method, contextCount, firstRefusal?.reason]),
  )
}

test('each target is answered by the first method that can, with the first refusal of its own', async () => {
  const evenOnly = predictor((_, target) => (target % 2 === 0 ? vectorOf(target) : refused('inference_failed', 'odd')))
  const small = predictor((_, target) => (target < 10 ? vectorOf(-target) : refused('timeout', 'large')))
  const steps = [step('even', evenOnly), step('small', small), step('last', last)]

  const answers = await predictInOrder(steps, [steady(7, 3, 1, [4, 5, 11]), steady(8, 2, 1, [20])], never)

  expect(told(answers)).toEqual([
    [[[4], 'even', 3, undefined], [[-5], 'small', 3, 'inference_failed'], [[7], 'last', 1, 'inference_failed']],
    [[[20], 'even', 2, undefined]],
  ]) // biome-ignore format: a table
})

test('a method is asked once, for what is open, with its newest observations', async () => {
  const refuseOdd = predictor((_, target) => (target % 2 === 0 ? vectorOf(target) : refused('inference_failed', 'odd')))
  const second = predictor(() => vectorOf(0), { min: 1, max: 2 })
  const items = [steady(1, 5, 1, [6, 7, 9]), steady(2, 5, 1, [8]), steady(3, 1, 1, [3])]

  const answers = await predictInOrder([step('first', refuseOdd), step('second', second)], items, never)

  expect(refuseOdd.calls).toHaveLength(1)
  expect(second.calls).toHaveLength(1)
  expect(second.calls[0]!.map(({ context, targets }) => [[...context.timestamps], [...targets]])).toEqual([
    [[3, 4], [7, 9]],
    [[0], [3]],
  ]) // biome-ignore format: a table
  expect(told(answers)[0]![1]).toEqual([[0], 'second', 2, 'inference_failed'])
})

test('an item with too few observations is not given to the method, and its neighbours are', async () => {
  const two = predictor(() => vectorOf(1), { min: 2 })

  const answers = await predictInOrder([step('two', two), step('last', last)], [steady(5, 1, 1), steady(6, 2, 1)], never)

  expect(two.calls[0]!.map(({ entity }) => entity)).toEqual(['e6'])
  expect(told(answers)).toEqual([[[[5], 'last', 1, 'too_few_observations']], [[[1], 'two', 2, undefined]]])
})

test('a step that is shut is never asked', async () => {
  const own = predictor(() => vectorOf(1))
  const shut = step('neural_ode', own, { shut: { reason: 'model_missing', message: 'gone' } })

  const answers = await predictInOrder([shut, step('linear', linear)], [item([[0, [0]], [1, [1]]], [2, 3])], never) // biome-ignore format: pairs

  expect(own.calls).toEqual([])
  expect(told(answers)).toEqual([[[[2], 'linear', 2, 'model_missing'], [[3], 'linear', 2, 'model_missing']]]) // biome-ignore format: nested lists
})

test('when every method refuses, the answer holds the first reason and nothing else', async () => {
  const no = step(
    'no',
    predictor(() => refused('not_fitted', 'no fit')),
  )
  const answers = await predictInOrder([no, step('linear', linear)], [steady(1, 1, 1)], never)
  expect(answers).toEqual([
    [{ vector: undefined, method: undefined, model: undefined, contextCount: 0, firstRefusal: refused('not_fitted', 'no fit') }],
  ])
})

test('rows name the model of the step that answered', async () => {
  const model = { name: 'words.pt', status: 'ready' } as const
  const [answers] = await predictInOrder(
    [
      step(
        'neural_ode',
        predictor(() => vectorOf(1)),
        { model },
      ),
    ],
    [steady(1, 1, 1)],
    never,
  )
  expect(answers![0]).toMatchObject({ method: 'neural_ode', model: 'words.pt' })
})

test('a predictor of ours that miscounts is a bug and no fallback', async () => {
  const miscounting = { context: { min: 1 }, predict: async () => [] }
  await expect(predictInOrder([step('mine', miscounting), step('last', last)], [steady(1, 1, 1)], never)).rejects.toMatchObject({ code: 'BUG' })
})

test('items without targets have no answers', async () => {
  expect(await predictInOrder([step('last', last)], [steady(1, 1, 1, [])], never)).toEqual([[]])
})
