import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()

test('backup makes a whole copy, and says how large it is', async () => {
  const copy = join(place.folder, 'copy.db')
  const { code, out, err } = await runCli(['backup', copy, '--database', place.database])

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^Copied [\d.]+ KiB to .*copy\.db\.\n$/)
  await using db = await openDatabase({ storage: { path: copy } })
  expect(await db.verify()).toMatchObject({ ok: true })
  expect(await db.collection('drift').stats()).toEqual({ entities: 2, observations: 3 })
})

test('backup prints the path and the bytes as JSON', async () => {
  const copy = join(place.folder, 'copy.db')
  const { out } = await runCli(['backup', copy, '--json', '--database', place.database])
  expect(JSON.parse(out)).toEqual({ path: copy, bytes: readFileSync(copy).length })
})

test('backup replaces nothing, unless it is told to', async () => {
  const copy = join(place.folder, 'precious.txt')
  writeFileSync(copy, 'precious')

  const { code, err } = await runCli(['backup', copy, '--database', place.database])
  expect(code).toBe(2)
  expect(err).toBe(`error: There is something at ${copy}. Name another file, or replace it with --overwrite.\n`)
  expect(readFileSync(copy, 'utf8')).toBe('precious')

  expect((await runCli(['backup', copy, '--overwrite', '--database', place.database])).code).toBe(0)
  await using db = await openDatabase({ storage: { path: copy } })
  expect(db.collections()).toHaveLength(2)
})

test('backup of what is no database leaves nothing behind', async () => {
  const copy = join(place.folder, 'copy.db')
  const { code, err } = await runCli(['backup', copy, '--database', place.folder])
  expect(code).toBe(1)
  expect(err).toContain('STORAGE_NOT_A_DATABASE')
  expect(existsSync(copy)).toBe(false)
})
