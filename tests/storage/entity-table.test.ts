import { expect, test } from 'vitest'
import { EntityTable } from '../../src/storage/search/entity-table.js'
import { randomNumbers } from '../support/random-numbers.js'

test('an entity table answers as a Map does', () => {
  const next = randomNumbers(7)
  const table = new EntityTable<string>()
  const map = new Map<number, string>()
  for (let i = 0; i < 20_000; i++) {
    const key = Math.floor(next() ** 3 * 3000) + (i % 5 === 0 ? 2 ** 40 : 1)
    if (map.has(key)) {
      table.delete(key)
      map.delete(key)
    } else {
      table.set(key, `${key}`)
      map.set(key, `${key}`)
    }
    if (i % 7 === 0 && map.has(1)) {
      table.set(1, `${i}`)
      map.set(1, `${i}`)
    }
    const asked = Math.floor(next() * 3000)
    expect(table.get(asked)).toBe(map.get(asked))
    expect(table.size).toBe(map.size)
  }
  for (const [key, entity] of map) expect(table.get(key)).toBe(entity)
})
