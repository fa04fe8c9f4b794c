import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()

function damage(sql: string): void {
  const database = new Sqlite(place.database)
  database.exec(sql)
  database.close()
}

test('verify says that all is whole, and how much that is', async () => {
  const { code, out, err } = await runCli(['verify', '--database', place.database])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^All is whole: \d+ rows checked\.\n$/)
})

test('verify names what is damaged, and ends with 1', async () => {
  damage('UPDATE chronode_observation SET recorded_at = recorded_at + 1 WHERE timestamp = (SELECT min(timestamp) FROM chronode_observation)')
  const { code, out } = await runCli(['verify', '--database', place.database])

  expect(code).toBe(1)
  expect(out).toContain('damaged  collection "drift", entity "a": ')
  expect(out).toMatch(/\n1 problem, \d+ rows checked\. .*chronode salvage FROM TO\n$/)
  const { code: jsonCode, out: json } = await runCli(['verify', '--json', '--database', place.database])
  expect(jsonCode).toBe(1)
  expect(JSON.parse(json)).toMatchObject({ ok: false, problems: [{ collection: 'drift', entity: 'a', what: expect.stringContaining('checksum') }] })
})

test('what concerns no collection is named by itself', async () => {
  damage('PRAGMA foreign_keys = OFF; UPDATE chronode_removed_entity SET removed_at = 5; UPDATE chronode_collection SET entity_count = 9')
  const { out } = await runCli(['verify', '--json', '--database', place.database])
  const { problems } = JSON.parse(out)
  expect(problems.length).toBeGreaterThan(1)
  for (const problem of problems) expect(Object.keys(problem)).toEqual(['collection', 'entity', 'what'])
})

test('on a terminal verify says how far it is, and wipes that away', async () => {
  vi.stubEnv('NO_COLOR', '1')
  const { out, err } = await runCli(['verify', '--database', place.database], { columns: 80 })
  expect(out).toMatch(/^All is whole/)
  const [before, ...told] = err.split('\r\u001b[K')
  expect(before).toBe('')
  expect(told.at(-1)).toBe('')
  for (const text of told.slice(0, -1)) expect(text).toMatch(/^\d+ rows? checked$/)
})

test('Ctrl-C ends verify with 130, and listens no longer', async () => {
  const database = join(place.folder, 'large.db')
  const db = await openDatabase({ storage: { path: database } })
  const large = await db.createCollection('large', { dimension: 2 })
  for (let i = 0; i < 10; i++) {
    await large.insert(Array.from({ length: 2000 }, (_, j) => ({ entity: `${i} ${j}`, timestamp: j, vector: [i, j + 1] })))
  }
  await db.close()
  const before = process.listeners('SIGINT')

  const running = runCli(['verify', '--database', database])
  const pressed = await vi.waitUntil(() => process.listeners('SIGINT').find((listener) => !before.includes(listener)))
  pressed('SIGINT')

  expect(await running).toEqual({ code: 130, out: '', err: 'verify() was aborted.\n' })
  expect(process.listeners('SIGINT')).toEqual(before)
})
