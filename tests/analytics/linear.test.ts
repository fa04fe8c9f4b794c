import { expect, test } from 'vitest'
import { linear } from '../../src/analytics/linear.js'
import { item, never, type Points } from './support/analytics.js'

async function lineOf(points: Points, targets: readonly number[]) {
  const [outcomes] = await linear.predict([item(points, targets)], { signal: never })
  return outcomes!.map((outcome) => (outcome.kind === 'vector' ? [...outcome.vector] : outcome.reason))
}

test('a straight line is continued exactly', async () => {
  expect(await lineOf([[0, [0, 0]], [1000, [1, 2]], [2000, [2, 4]]], [3000, 12_000])).toEqual([[3, 6], [12, 24]]) // biome-ignore format: pairs
})

test('only the last two observations count, however uneven', async () => {
  expect(await lineOf([[0, [99]], [10, [1]], [14, [3]]], [16])).toEqual([[4]]) // biome-ignore format: pairs
})

test('stamps near today a few microseconds apart keep their distances', async () => {
  const today = Date.UTC(2026, 10, 21)
  expect(await lineOf([[today, [0]], [today + 0.25, [1]]], [today + 0.75])).toEqual([[3]]) // biome-ignore format: pairs
})

test('it is computed in double: what cancels does not lose the small part', async () => {
  // 16777216 is where float32 stops counting by ones; half a step beyond 16777218 is 16777219, narrowed to even.
  expect(await lineOf([[0, [16_777_216]], [2, [16_777_218]]], [3])).toEqual([[Math.fround(16_777_219)]]) // biome-ignore format: pairs
  expect(await lineOf([[0, [3e38]], [3, [-3e38]]], [4])).toEqual(['non_finite_output']) // biome-ignore format: pairs
  expect(await lineOf([[0, [-1e38]], [4, [1e38]]], [5])).toEqual([[Math.fround(Math.fround(1e38) + Math.fround(1e38) / 2)]]) // biome-ignore format: pairs
})

test('one observation has no line', async () => {
  expect(await lineOf([[0, [1]]], [1, 2])).toEqual(['too_few_observations', 'too_few_observations'])
})

test('a line that leaves float32 is refused for that target alone', async () => {
  const y = Math.fround(3e38)
  expect(await lineOf([[0, [-y, 0]], [1, [y, 0]]], [2, 1 + 1 / 32])).toEqual(['non_finite_output', [Math.fround(y + y / 16), 0]]) // biome-ignore format: pairs
})

test('shift and scale of time change nothing', async () => {
  const points: Points = [[1, [0.3, -7]], [2, [0.7, 5]]] // biome-ignore format: pairs
  const moved: Points = points.map(([t, vector]) => [t * 1024 - 4096, vector])
  expect(await lineOf(moved, [5 * 1024 - 4096])).toEqual(await lineOf(points, [5]))
})

test('a hundred thousand items leave the event loop its turns', async () => {
  const one = item([[0, [0]], [1, [1]]], [2]) // biome-ignore format: pairs
  let turns = 0
  const turn = (): void => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  const answers = await linear.predict(new Array(100_000).fill(one), { signal: never })
  clearImmediate(immediate)
  expect(answers).toHaveLength(100_000)
  expect(turns).toBeGreaterThan(1)
})

test('an abort ends it with the reason of the signal', async () => {
  const controller = new AbortController()
  const many = new Array(1_000_000).fill(item([[0, [0]], [1, [1]]], [2])) // biome-ignore format: pairs
  const asked = linear.predict(many, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})
