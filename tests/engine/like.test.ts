import { expect, test } from 'vitest'
import { likeTest } from '../../src/engine/expression/like.js'
import { Random, seedOfRun } from '../support/random.js'

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
  ['ab', 'ab%b', false],
  ['abb', 'ab%b', true],
  ['aba', 'ab%ba', false],
  ['', '', true],
  ['a', '', false],
  ['a', '%%', true],
  ['😀', '\ud83d%', false],
  ['\ud83d', '\ud83d', true],
  ['back\\', 'back\\', true],
])('%j LIKE %j is %s', (text, pattern, expected) => {
  expect(likeTest(pattern)(text)).toBe(expected)
})

const seed = seedOfRun()

test(`it says what a regular expression of the same meaning says (seed ${seed})`, () => {
  const random = new Random(seed)
  for (let i = 0; i < 5000; i++) {
    const text = random.list(0, 8, () => random.pick(['a', 'b', '%', '_', '\\', '😀'])).join('')
    const symbols = random.list(0, 6, () => random.pick(['a', 'b', '%', '%', '_', '\\%', '\\_', '\\\\', '\\a', '😀']))
    const meaning = symbols.map((symbol) => (symbol === '%' ? '.*' : symbol === '_' ? '.' : symbol.replace(/^\\/, '').replace(/[%_\\]/, '\\$&')))
    expect(likeTest(symbols.join(''))(text), `${text} LIKE ${symbols.join('')}`).toBe(
      new RegExp(`^${meaning.join('').replace(/\\([%_])/g, '$1')}$`, 'su').test(text),
    )
  }
})

test.each([
  ['a'.repeat(5000), `${'%a'.repeat(50)}%b`],
  ['a'.repeat(1_000_000), `%${'a'.repeat(1000)}b`],
  ['a'.repeat(1_000_000), `%${'ab'.repeat(100_000)}%`],
  ['a'.repeat(5000), `%${'a'.repeat(500)}_b`],
])('a pattern made to be slow is not', (text, pattern) => {
  const before = process.cpuUsage()

  expect(likeTest(pattern)(text)).toBe(false)

  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
})
