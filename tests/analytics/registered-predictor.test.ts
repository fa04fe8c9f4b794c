import { describe, expect, test } from 'vitest'
import { registeredPredictor } from '../../src/analytics/registered-predictor.js'
import type { Outcome, Predictor } from '../../src/prediction.js'
import { item, never, predictor, steady, vectorOf } from './support/analytics.js'

const ITEMS = [steady(1, 3, 2, [4, 5]), steady(2, 3, 2, [4])]

/** What the wrapped predictor says to ITEMS when its own answer is `answers`. */
async function heldTo(answers: unknown, timeoutMs = 1000): Promise<readonly (readonly Outcome[])[]> {
  const own = { context: { min: 1 }, predict: async () => answers } as unknown as Predictor
  return registeredPredictor('mine', own, 2, timeoutMs).predict(ITEMS, { signal: never })
}

function reasons(answers: readonly (readonly Outcome[])[]) {
  return answers.map((list) => list.map((outcome) => (outcome.kind === 'vector' ? [...outcome.vector] : outcome.reason)))
}

test('a predictor that keeps the contract is passed through', async () => {
  const own = predictor((asked, target) => vectorOf(asked.context.vectors[0]!, target))
  const answers = await registeredPredictor('mine', own, 2, 1000).predict(ITEMS, { signal: never })
  expect(reasons(answers)).toEqual([[[1, 4], [1, 5]], [[2, 4]]]) // biome-ignore format: nested lists
})

describe('a predictor that breaks the contract', () => {
  const good = vectorOf(1, 2)

  test.each([
    ['no list', undefined],
    ['one item too few', [[good, good]]],
    ['one item too many', [[good, good], [good], []]],
    ['a promise of none', new Map()],
  ])('%s: every target is bad_output_shape', async (_, answers) => {
    expect(reasons(await heldTo(answers))).toEqual([['bad_output_shape', 'bad_output_shape'], ['bad_output_shape']])
  })

  test.each([
    ['no outcome', undefined, 'bad_output_shape'],
    ['an outcome of another kind', { kind: 'guess' }, 'bad_output_shape'],
    ['a list of numbers', { kind: 'vector', vector: [1, 2] }, 'bad_output_shape'],
    ['doubles', { kind: 'vector', vector: Float64Array.of(1, 2) }, 'bad_output_shape'],
    ['another length', vectorOf(1, 2, 3), 'bad_output_shape'],
    ['NaN', vectorOf(1, Number.NaN), 'non_finite_output'],
    ['Infinity', vectorOf(1, -Infinity), 'non_finite_output'],
    ['a refusal', { kind: 'refused', reason: 'not_fitted', message: 'later' }, 'not_fitted'],
    ['a refusal for a reason of its own', { kind: 'refused', reason: 'bored' }, 'inference_failed'],
    [
      'an outcome that throws when it is looked at',
      {
        get kind() {
          throw new Error('look away')
        },
      },
      'inference_failed',
    ],
  ])('%s is a refusal', async (_, outcome, reason) => {
    expect(reasons(await heldTo([[good, outcome], [good]])).flat()).toContain(reason)
  })

  test('what it does to one target touches no other', async () => {
    expect(
      reasons(
        await heldTo([
          [vectorOf(1), good],
          [good, good],
        ]),
      ),
    ).toEqual([['bad_output_shape', [1, 2]], ['bad_output_shape']])
  })

  test('a rejection and a throw before the first await are inference_failed with its words', async () => {
    for (const predict of [
      async () => Promise.reject(new TypeError('no weights')),
      () => {
        throw new TypeError('no weights')
      },
    ]) {
      const answers = await registeredPredictor('mine', { context: { min: 1 }, predict }, 2, 1000).predict(ITEMS, { signal: never })
      expect(answers[1]).toEqual([{ kind: 'refused', reason: 'inference_failed', message: 'Predictor "mine" threw TypeError: no weights.' }])
    }
  })
})

test('a predictor that never settles times out, and hears of it', async () => {
  let heard: AbortSignal | undefined
  const own: Predictor = {
    context: { min: 1 },
    predict(_, { signal }) {
      heard = signal
      return new Promise(() => {})
    },
  }
  const answers = await registeredPredictor('mine', own, 2, 20).predict(ITEMS, { signal: never })
  expect(reasons(answers)).toEqual([['timeout', 'timeout'], ['timeout']])
  expect(heard!.aborted).toBe(true)
})

test('after a timeout the parts that are left are not tried', async () => {
  let calls = 0
  const own: Predictor = {
    context: { min: 1 },
    predict() {
      calls++
      return new Promise(() => {})
    },
  }
  const large = steady(1, 4096, 1024)
  const answers = await registeredPredictor('mine', own, 1024, 20).predict([large, large, large], { signal: never })
  expect(reasons(answers)).toEqual([['timeout'], ['timeout'], ['timeout']])
  expect(calls).toBe(1)
})

test('an abort ends it at once with the reason of the signal, and reaches the predictor', async () => {
  const controller = new AbortController()
  const own: Predictor = {
    context: { min: 1 },
    predict: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('its own words')))),
  }
  const asked = registeredPredictor('mine', own, 2, 60_000).predict(ITEMS, { signal: controller.signal })
  controller.abort(new RangeError('stopped'))
  await expect(asked).rejects.toThrow(new RangeError('stopped'))
})

test('it may write into its contexts: they are copies', async () => {
  const context = item([[0, [1, 2]]], [1])
  const own = predictor(({ context: given }) => {
    given.vectors.fill(9)
    given.timestamps.fill(9)
    return vectorOf(0, 0)
  })
  await registeredPredictor('mine', own, 2, 1000).predict([context], { signal: never })
  expect([...context.context.vectors, ...context.context.timestamps]).toEqual([1, 2, 0])
})

test('it may use its answer again: vectors are copied', async () => {
  const shared = new Float32Array(2)
  const own = predictor((_, target) => {
    shared.fill(target)
    return { kind: 'vector', vector: shared }
  })
  const [answers] = await registeredPredictor('mine', own, 2, 1000).predict([steady(1, 1, 2, [4, 5])], { signal: never })
  shared.fill(0)
  expect(reasons([answers!])).toEqual([[[5, 5], [5, 5]]]) // biome-ignore format: nested lists
})
