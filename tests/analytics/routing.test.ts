import { describe, expect, test } from 'vitest'
import type { Route } from '../../src/analytics/index.js'
import type { AnalyticsConfig } from '../../src/config.js'
import { collection, type OpenOptions, open, predictor, vectorOf } from './support/analytics.js'

const words = collection(2)
const mine = predictor(() => vectorOf(0, 0))

async function route(config: Partial<AnalyticsConfig>, request: object = {}, options: OpenOptions = {}): Promise<Route> {
  return open(config, { predictors: { mine }, ...options }).analytics.route({ collection: words, ...request })
}

const order = ({ steps }: Route) => steps.map(({ method, role }) => `${method} ${role}`)

describe('which method is asked', () => {
  test.each<[string, Partial<AnalyticsConfig>, object, string[], string]>([
    ['nothing said', {}, {}, ['linear asked', 'last last'], 'neural_ode is not set and no trained model is active'],
    ['neural_ode = false', { neuralOde: false }, {}, ['linear asked', 'last last'], 'neural_ode = false in [analytics]'],
    ['neural_ode = true', { neuralOde: true }, {}, ['neural_ode asked', 'linear fallback', 'last last'], 'neural_ode = true in [analytics]'],
    [
      'method over neural_ode',
      { neuralOde: true, method: 'mine' },
      {},
      ['mine asked', 'linear fallback', 'last last'],
      'method = "mine" in [analytics]',
    ],
    [
      'USING over all',
      { neuralOde: true, method: 'mine' },
      { methods: ['last', 'mine'] },
      ['last asked', 'mine asked', 'linear fallback'],
      'USING in the statement',
    ],
    [
      'a method is tried once',
      { fallback: 'last' },
      { methods: ['linear', 'last', 'linear'] },
      ['linear asked', 'last asked'],
      'USING in the statement',
    ],
    [
      'another fallback',
      { neuralOde: true, fallback: 'mine' },
      {},
      ['neural_ode asked', 'mine fallback', 'last last'],
      'neural_ode = true in [analytics]',
    ],
    [
      'WITH over the file',
      { fallback: 'mine' },
      { fallback: 'last' },
      ['linear asked', 'last fallback'],
      'neural_ode is not set and no trained model is active',
    ],
  ])('%s', async (_, config, request, steps, reason) => {
    const found = await route(config, request)
    expect(order(found)).toEqual(steps)
    expect(found).toMatchObject({ reason, failsWhenRefused: false })
  })

  test("fallback = 'error' tries what is asked and nothing else", async () => {
    for (const found of [await route({ neuralOde: true, fallback: 'error' }), await route({ neuralOde: true }, { fallback: 'error' })]) {
      expect(order(found)).toEqual(['neural_ode asked'])
      expect(found.failsWhenRefused).toBe(true)
    }
  })

  test('a collection with settings of its own is told from the others', async () => {
    const { analytics } = open({ neuralOde: false }, { collections: { words: { neuralOde: true }, more: { method: 'last' } } })
    const reasons = await Promise.all(
      ['words', 'more', 'other'].map(async (name) => (await analytics.route({ collection: collection(2, name) })).reason),
    )
    expect(reasons).toEqual([
      'neural_ode = true in [analytics.collection.words]',
      'method = "last" in [analytics.collection.more]',
      'neural_ode = false in [analytics]',
    ])
  })
})

describe('why the neural predictor is shut', () => {
  test.each<[string, Partial<AnalyticsConfig>, string, RegExp]>([
    ['switched off', { neuralOde: false }, 'disabled', /neural_ode = false/],
    ['not switched on', { modelPath: '/m.pt' }, 'model_missing', /model files are off until neural_ode = true/],
    ['no model named', { neuralOde: true }, 'model_missing', /no model_path is configured for collection "words"/],
    ['no such file', { neuralOde: true, modelPath: '/nowhere/m.pt' }, 'model_missing', /no file \/nowhere\/m\.pt/],
  ])('%s', async (_, config, reason, message) => {
    const found = await route(config, { methods: ['neural_ode'] })
    expect(found.steps[0]).toMatchObject({ method: 'neural_ode', shut: { reason, message: expect.stringMatching(message) } })
  })
})

describe('names that nothing bears', () => {
  test('in a statement are NOT_FOUND with the names that there are', async () => {
    for (const request of [{ methods: ['linaer'] }, { fallback: 'linaer' }]) {
      await expect(route({}, request)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        kind: 'predictor',
        wanted: 'linaer',
        suggestions: ['linear'],
        message: expect.stringContaining('neural_ode, linear, last, mine'),
      })
    }
  })

  test('as a model are NOT_FOUND: the database holds none yet', async () => {
    await expect(route({ neuralOde: true, modelPath: '/m.pt' }, { model: 'm.pt' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      kind: 'model',
      wanted: 'm.pt',
    })
  })

  test('in the configuration are complained of at once, all together, each in its table', () => {
    const opening = () => open({ method: 'mine', fallback: 'nothing' }, { collections: { words: {}, more: { method: 'linaer', fallback: 'error' } } })
    expect(opening).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        issues: [
          { path: 'analytics.method', expected: expect.stringContaining('neural_ode, linear, last'), received: '"mine"' },
          { path: 'analytics.fallback', expected: expect.stringContaining('error'), received: '"nothing"' },
          { path: 'analytics.collection.more.method', expected: expect.any(String), received: '"linaer"' },
        ],
      }),
    )
  })
})

test('the context is that of the file, else 64', async () => {
  expect((await route({})).context).toBe(64)
  expect((await route({ context: 7 })).context).toBe(7)
})
