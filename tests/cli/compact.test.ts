import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()

/** A database of rows, and room that removed ones have left. */
async function makeLoose(): Promise<string> {
  const path = join(place.folder, 'loose.db')
  const db = await openDatabase({ storage: { path } })
  const [kept, gone] = [await db.createCollection('kept', { dimension: 64 }), await db.createCollection('gone', { dimension: 64 })]
  for (let i = 0; i < 100; i++) {
    const batch = Array.from({ length: 10 }, (_, j) => ({
      entity: `entity ${j % 3}`,
      timestamp: i * 10 + j,
      vector: new Float32Array(64).fill(i + j),
    }))
    await kept.insert(batch)
    await gone.insert(batch)
  }
  await db.dropCollection('gone')
  await db.close()
  return path
}

test('compact packs what lies in rows and gives room back, and nothing is lost', async () => {
  const database = await makeLoose()
  const before = statSync(database).size

  const { code, out, err } = await runCli(['compact', '--json', '--database', database])

  expect({ code, err }).toEqual({ code: 0, err: '' })
  const report = JSON.parse(out)
  expect(Object.keys(report)).toEqual(['packed', 'bytes_before', 'bytes_after'])
  expect(report.packed).toBeGreaterThan(0)
  expect(report.bytes_before).toBe(before)
  expect(report.bytes_after).toBe(statSync(database).size)
  expect(statSync(database).size).toBeLessThan(before)
  await using db = await openDatabase({ storage: { path: database } })
  expect(await db.collection('kept').stats()).toMatchObject({ entities: 3, observations: 1000 })
  expect(await db.verify()).toMatchObject({ ok: true })
})

test('compact says what it did, and on a terminal how far it is', async () => {
  vi.stubEnv('NO_COLOR', '1')
  const { out, err } = await runCli(['compact', '--database', await makeLoose()], { columns: 80 })
  expect(out).toMatch(/^Packed [\d,]+ observations\. The file had [\d.]+ KiB, and has [\d.]+ KiB\.\n$/)
  expect(err).toMatch(/kept: \d of 3 entities/)
})

test.each([
  ['compact'],
  ['backup', 'copy.db'],
  ['import', 'a.jsonl', '--collection', 'a', '--dimension', '2'],
  ['import', 'a.jsonl', '--collection', 'a', '--dimension', '2', '--dry-run'],
  ['export', 'a.jsonl', '--overwrite'],
  ['verify'],
])('%s of a database in memory is a slip', async (...words) => {
  writeFileSync(join(place.folder, 'a.jsonl'), '{"entity":"a","timestamp":1,"vector":[1,2]}\n')
  const located = words.map((word) => (word.includes('.') ? join(place.folder, word) : word))
  const { code, err } = await runCli([...located, '--database', ':memory:'])
  expect({ code, err }).toEqual({
    code: 2,
    err: 'error: A database in memory ends with this command, and begins with nothing in it. Name the file of one.\n',
  })
  expect(existsSync(join(place.folder, 'copy.db'))).toBe(false)
})

test('compact of a misspelt name makes no file', async () => {
  const path = join(place.folder, 'missing.db')
  const { code, err } = await runCli(['compact', '--database', path])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('STORAGE_UNREACHABLE') })
  expect(existsSync(path)).toBe(false)
})
