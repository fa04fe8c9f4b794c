import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()

function wipe(start: number, end: number): void {
  const bytes = readFileSync(place.database)
  writeFileSync(place.database, bytes.fill(0xff, start, end))
}

test('salvage copies all of a database whose header is gone', async () => {
  wipe(0, 100)
  expect((await runCli(['verify', '--database', place.database])).code).toBe(1)
  const copy = join(place.folder, 'salvaged.db')

  const { code, out } = await runCli(['salvage', place.database, copy])

  expect({ code, out }).toEqual({ code: 0, out: `Copied 3 observations of 2 entities in 2 collections to ${copy}. Nothing is missing.\n` })
  await using db = await openDatabase({ storage: { path: copy } })
  expect(await db.verify()).toMatchObject({ ok: true })
  expect(await db.collection('drift').attributes('a')).toEqual({ topic: 'x' })
})

test('salvage of a whole database says that nothing is missing', async () => {
  const copy = join(place.folder, 'salvaged.db')
  const { code, out } = await runCli(['salvage', place.database, copy])
  expect({ code, out }).toEqual({ code: 0, out: `Copied 3 observations of 2 entities in 2 collections to ${copy}. Nothing is missing.\n` })
})

test('salvage prints its report as JSON, with what is lost', async () => {
  const bytes = readFileSync(place.database)
  const at = bytes.lastIndexOf('{"topic":"x"}')
  writeFileSync(place.database, bytes.fill('y', at, at + 5))
  const { code, out } = await runCli(['salvage', place.database, join(place.folder, 'salvaged.db'), '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    collections: 2,
    observations: 3,
    lost: [{ collection: 'drift', entity: 'a', what: expect.stringContaining('attributes') }],
  })
})

test('salvage writes over nothing, and out of nothing makes nothing', async () => {
  const { code, err } = await runCli(['salvage', place.database, place.database])
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Name a file that is not there yet') })
  const missing = await runCli(['salvage', join(place.folder, 'missing.db'), join(place.folder, 'salvaged.db')])
  expect({ code: missing.code, err: missing.err }).toEqual({ code: 1, err: expect.stringContaining('STORAGE_UNREACHABLE') })
})
