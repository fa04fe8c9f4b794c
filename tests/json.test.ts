import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { JSON_TEXT_MAX, toJsonText } from '../src/json.js'

const place = { collection: 'words', index: 2 }

function refusal(value: unknown, what: 'payload' | 'attributes' = 'payload'): unknown {
  try {
    toJsonText(value, what, place)
  } catch (error) {
    return error
  }
  throw new Error('this should have been refused')
}

/** A list in a list, `depth` times. */
function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

test.each([
  null,
  true,
  0,
  -1.5e300,
  '',
  'ä\u{1f600}\n"',
  [],
  {},
  [1, [2, { a: null }]],
  { a: { b: [true, 'x'] }, '': 1, 'a.b': 2 },
  Object.assign(Object.create(null), { bare: 1 }),
  vm.runInNewContext('({ realm: [1, 2] })'),
  JSON.parse('{"__proto__":{"x":1},"constructor":2}'),
  { toJSON: 5 },
])('a payload may be any JSON value, and comes back the same: %j', (value) => {
  expect(JSON.parse(toJsonText(value, 'payload'))).toEqual(value)
})

test('a member named __proto__ is kept as a member', () => {
  expect(toJsonText(JSON.parse('{"__proto__":1}'), 'attributes')).toBe('{"__proto__":1}')
})

test('the same object twice, beside itself, is no cycle', () => {
  const shared = { a: 1 }
  expect(toJsonText([shared, shared], 'payload')).toBe('[{"a":1},{"a":1}]')
})

describe('what JSON would drop or change without a word is refused, with its path', () => {
  const withGap: unknown[] = [1]
  withGap[2] = 2
  const cycle: unknown[] = []
  cycle.push({ in: cycle })
  test.each([
    [undefined, 'payload', 'undefined'],
    [{ a: undefined }, 'payload.a', 'undefined'],
    [withGap, 'payload[1]', 'undefined'],
    [Number.NaN, 'payload', 'NaN'],
    [{ a: { b: [Number.POSITIVE_INFINITY] } }, 'payload.a.b[0]', 'Infinity'],
    [{ a: 10n }, 'payload.a', 'the BigInt 10n'],
    [{ a: new Date(0) }, 'payload.a', 'the Date 1970-01-01T00:00:00.000Z'],
    [{ a: () => 1 }, 'payload.a', 'a function'],
    [Symbol('x'), 'payload', 'a symbol'],
    [new Map([[1, 2]]), 'payload', 'a Map'],
    [[new Set()], 'payload[0]', 'a Set'],
    [new (class Point {})(), 'payload', 'an object'],
    [Float32Array.of(1), 'payload', 'a Float32Array'],
    [{ a: '\ud800' }, 'payload.a', 'text with a lone surrogate'],
    [{ '\udc00': 1 }, 'payload', 'a name with a lone surrogate'],
    [{ [Symbol('x')]: 1 }, 'payload', 'an object with a symbol as a name'],
    [Object.defineProperty({}, 'toJSON', { value: () => 5 }), 'payload', 'an object with a method toJSON'],
    [Object.assign([1], { toJSON: () => 5 }), 'payload', 'an object with a method toJSON'],
    [cycle, 'payload[0].in', 'an object that contains itself'],
    [Object(1), 'payload', 'a Number object'],
  ])('%o', (value, path, received) => {
    expect(refusal(value)).toMatchObject({ code: 'ATTRIBUTES_INVALID', received, message: expect.stringContaining(`: ${path} should be`), ...place })
  })
})

test.each([null, 5, 'x', [], undefined, new Date(0)])('attributes are a plain object: %j is not', (value) => {
  expect(refusal(value, 'attributes')).toMatchObject({ code: 'ATTRIBUTES_INVALID', expected: 'a plain object' })
})

test('nesting ends at 64', () => {
  expect(toJsonText(nested(64), 'payload')).toHaveLength(129)
  expect(refusal(nested(65))).toMatchObject({ code: 'ATTRIBUTES_INVALID', received: 'deeper' })
  expect(refusal(nested(100_000))).toMatchObject({ code: 'ATTRIBUTES_INVALID', received: 'deeper' })
})

test('text ends at a mebi of characters', () => {
  expect(toJsonText('x'.repeat(JSON_TEXT_MAX - 2), 'payload')).toHaveLength(JSON_TEXT_MAX)
  expect(refusal('x'.repeat(JSON_TEXT_MAX - 1))).toMatchObject({ code: 'ATTRIBUTES_INVALID', received: `${JSON_TEXT_MAX + 1} characters` })
})
