import { expect, test } from 'vitest'
import { matchesLike } from '../../src/engine/like.js'

test.each([
  ['climate', 'climate', true],
  ['climate', 'Climate', false],
  ['climate', 'cli%', true],
  ['climate', '%mat%', true],
  ['climate', '%e', true],
  ['climate', '_limat_', true],
  ['climate', '_climate', false],
  ['', '%', true],
  ['', '_', false],
  ['50%', '50\\%', true],
  ['505', '50\\%', false],
  ['a_b', 'a\\_b', true],
  ['axb', 'a\\_b', false],
  ['😀', '_', true],
  ['abcabc', '%abc', true],
  ['back\\', 'back\\', true],
])('%j LIKE %j is %s', (text, pattern, expected) => {
  expect(matchesLike(text, pattern)).toBe(expected)
})

test('a pattern made to be slow is not', () => {
  const start = performance.now()

  expect(matchesLike('a'.repeat(5000), `${'%a'.repeat(50)}%b`)).toBe(false)

  expect(performance.now() - start).toBeLessThan(1000)
})
