import { existsSync, statSync } from 'node:fs'
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
  expect(report.packed).toBeGreaterThan(0)
  expect(report.bytesAfter).toBeLessThan(report.bytesBefore)
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

test('compact of a misspelt name makes no file', async () => {
  const path = join(place.folder, 'missing.db')
  const { code, err } = await runCli(['compact', '--database', path])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('STORAGE_UNREACHABLE') })
  expect(existsSync(path)).toBe(false)
})
