import { describe, expect, test } from 'vitest'
import { collection, never, open, predictor, steady, vectorOf } from './support/analytics.js'

const mine = predictor(() => vectorOf(42))

describe('registering', () => {
  test('makes a predictor known by its name, everywhere', async () => {
    const { analytics } = open()
    analytics.register('mine', mine)
    expect(analytics.methodNames()).toEqual(['neural_ode', 'linear', 'last', 'mine'])
    const route = await analytics.route({ collection: collection(1), methods: ['mine'] })
    const [answers] = await analytics.predict(route, collection(1), [steady(1, 2, 1)], { signal: never })
    expect(answers).toMatchObject([{ vector: Float32Array.of(42), method: 'mine', contextCount: 2 }])
  })

  test.each(['', '1st', 'a-b', 'ä', 'x'.repeat(65)])('refuses the name %j', (name) => {
    expect(() => open().analytics.register(name, mine)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID', argument: 'name' }))
  })

  test.each(['linear', 'last', 'neural_ode', 'error', 'MODEL', 'Linear'])('refuses %s, which means something already', (name) => {
    expect(() => open().analytics.register(name, mine)).toThrow(/which Chronode uses itself/)
  })

  test('refuses a name twice', () => {
    const { analytics } = open({}, { predictors: { mine } })
    expect(() => analytics.register('mine', mine)).toThrow(/which is registered/)
  })

  test.each([
    ['nothing', undefined, 'predictor'],
    ['a function', () => {}, 'predictor'],
    ['no predict', { context: { min: 1 } }, 'predictor'],
    ['no context', { predict: mine.predict }, 'predictor.context'],
    ['min 0', { ...mine, context: { min: 0 } }, 'predictor.context'],
    ['max below min', { ...mine, context: { min: 3, max: 2 } }, 'predictor.context'],
  ])('refuses %s', (_, wrong, argument) => {
    expect(() => open().analytics.register('mine', wrong as typeof mine)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID', argument }))
  })
})

test('SHOW PREDICTORS tells what each needs and whether it is there', () => {
  const { analytics } = open({ neuralOde: false }, { predictors: { mine: predictor(() => vectorOf(1), { min: 3, max: 9 }) } })
  expect(analytics.predictors()).toEqual([
    { name: 'neural_ode', contextMin: 1, contextMax: undefined, source: 'built in', available: false, reason: 'disabled: neural_ode = false.' },
    { name: 'linear', contextMin: 2, contextMax: 2, source: 'built in', available: true, reason: undefined },
    { name: 'last', contextMin: 1, contextMax: 1, source: 'built in', available: true, reason: undefined },
    { name: 'mine', contextMin: 3, contextMax: 9, source: 'registered', available: true, reason: undefined },
  ])
})
