import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readAhead } from '../../src/engine/predict/read-ahead.js'

async function* counting(count: number, state: { given: number; ended: boolean }): AsyncGenerator<number> {
  try {
    for (let i = 0; i < count; i++) {
      await setTimeout(0)
      state.given += 1
      yield i
    }
  } finally {
    state.ended = true
  }
}

test('everything arrives in order, and the source ends before a slow consumer does', async () => {
  const state = { given: 0, ended: false }
  const seen: number[] = []

  for await (const item of readAhead(counting(5, state), () => 1, 100)) {
    if (item === 0) {
      await setTimeout(100)
      expect(state.ended).toBe(true)
    }
    seen.push(item)
  }

  expect(seen).toEqual([0, 1, 2, 3, 4])
})

test('no more is read than the bytes allow', async () => {
  const state = { given: 0, ended: false }
  let taken = 0

  for await (const _ of readAhead(counting(50, state), () => 10, 30)) {
    taken += 1
    await setTimeout(5)
    expect(state.given - taken).toBeLessThanOrEqual(3)
  }

  expect(taken).toBe(50)
})

test('a consumer that leaves ends the source', async () => {
  const state = { given: 0, ended: false }

  for await (const item of readAhead(counting(1000, state), () => 1, 5)) if (item === 2) break

  expect(state.ended).toBe(true)
  expect(state.given).toBeLessThan(20)
})

test('a failing source fails after what it gave', async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1
    throw new Error('the disk is gone')
  }
  const seen: number[] = []

  const reading = async () => {
    for await (const item of readAhead(failing(), () => 1, 100)) seen.push(item)
  }

  await expect(reading()).rejects.toThrow('the disk is gone')
  expect(seen).toEqual([1])
})
