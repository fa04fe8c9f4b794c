import { describe, expect, test } from 'vitest'
import { NO_CARD, readModelCard } from '../../src/analytics/model-card.js'

const read = (card: unknown) => readModelCard(Buffer.from(typeof card === 'string' ? card : JSON.stringify(card)))
const FULL = {
  format: 1,
  architecture: 'latent-ode/1',
  dimension: 32,
  context: 24,
  time: { scheme: 'from_last', scale_ms: 86_400_000 },
  targets: 'many',
  metrics: { mse: 0.1 },
}

test('a whole card is read, and kept as it was written', () => {
  const card = { ...FULL, trained_on: 'sotu' }
  expect(read(card)).toEqual({ dimension: 32, context: 24, time: { scheme: 'from_last', scaleMs: 86_400_000 }, targets: 'many', json: card })
})

test('what a card leaves out is as in a file without one', () => {
  expect(read({ format: 1 })).toEqual({ ...NO_CARD, json: { format: 1 } })
})

describe('a bad card names its member', () => {
  test.each<[string, unknown, RegExp]>([
    ['format', { ...FULL, format: 2 }, /"format" .* should be 1; it is 2/],
    ['format', { dimension: 3 }, /"format" .* it is undefined/],
    ['dimension', { ...FULL, dimension: 0 }, /"dimension" .* 1 to 65536; it is 0/],
    ['dimension', { ...FULL, dimension: 2.5 }, /"dimension" .* it is 2\.5/],
    ['dimension', { ...FULL, dimension: '32' }, /"dimension" .* it is '32'/],
    ['dimension', { ...FULL, dimension: null }, /"dimension" .* it is null/],
    ['context', { ...FULL, context: 4097 }, /"context" .* 1 to 4096; it is 4097/],
    ['time', { ...FULL, time: 'unit' }, /"time" .* an object/],
    ['time.scheme', { ...FULL, time: {} }, /"time\.scheme" .* "unit" or "from_last"; it is undefined/],
    ['time.scale_ms', { ...FULL, time: { scheme: 'from_last' } }, /"time\.scale_ms" .* above 0; it is undefined/],
    ['time.scale_ms', { ...FULL, time: { scheme: 'from_last', scale_ms: 0 } }, /"time\.scale_ms" .* it is 0/],
    ['targets', { ...FULL, targets: 2 }, /"targets" .* "one" or "many"; it is 2/],
    ['architecture', { ...FULL, architecture: 1 }, /"architecture"/],
    ['metrics', { ...FULL, metrics: [] }, /"metrics"/],
  ])('%s', (_, card, message) => {
    expect(() => read(card)).toThrow(expect.objectContaining({ reason: 'model_invalid', message: expect.stringMatching(message) }))
  })

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
    ['no UTF-8', '\xff'],
    ['deeper than anyone writes', `{"format":1,"x":${'['.repeat(500)}${']'.repeat(500)}}`],
    ['deeper than a stack', '['.repeat(100_000)],
    ['longer than 1 MiB', `{"format":1,"x":"${'x'.repeat(1_048_576)}"}`],
  ])('%s', (_, text) => {
    expect(() => readModelCard(Buffer.from(text, 'latin1'))).toThrow(
      expect.objectContaining({
        reason: 'model_invalid',
        message: expect.stringMatching(/^The model card chronode\.json should be a JSON object: /),
      }),
    )
  })

  test('a card cannot reach the prototype of anything', () => {
    const card = read('{"format":1,"__proto__":{"dimension":3}}')
    expect(card.dimension).toBeUndefined()
    expect(Object.hasOwn(card.json!, '__proto__')).toBe(true)
  })
})
