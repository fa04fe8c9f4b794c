import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { runCli } from './run-cli.js'

interface Report {
  readonly ok: boolean
  readonly checks: readonly { name: string; status: string; detail: string; remedy?: string }[]
}

let folder: string

beforeEach(() => {
  folder = temporaryFolder()
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('CHRONODE_NATIVE', 'off') // what a machine without native code says, on every machine
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function configure(text: string): string {
  const file = join(folder, 'chronode.toml')
  writeFileSync(file, text)
  return file
}

async function report(config: string): Promise<Report & { code: number }> {
  const { code, out, err } = await runCli(['doctor', '--json', '--config', config])
  expect(err).toBe('')
  return { ...JSON.parse(out), code }
}

test('without a configuration nothing is asked for, and nothing fails', async () => {
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  const { code, out } = await runCli(['doctor'])

  expect(code).toBe(0)
  expect(out).toMatch(/^ok +node +\d+\.\d+\.\d+, /m)
  expect(out).toMatch(/^ok +sqlite +better-sqlite3 \d+/m)
  expect(out).toMatch(/^absent +libtorch +.+\n +to mend it: /m)
  expect(out).toMatch(/^absent +configuration +there is no chronode\.toml/m)
  expect(out).toContain('All that is asked for works; what is absent is not asked for.')
})

test('a configuration without models works without libtorch', async () => {
  const config = configure('[storage]\npath = "drift.db"\n')
  await openDatabase(config).then((db) => db.close())

  const { ok, code, checks } = await report(config)

  expect({ ok, code }).toEqual({ ok: true, code: 0 })
  expect(checks.find(({ name }) => name === 'database')).toMatchObject({ status: 'ok', detail: `${join(folder, 'drift.db')}, no collections yet` })
})

test('a database that is not there yet is no fault, and is not made', async () => {
  const { code, checks } = await report(configure('[storage]\npath = "drift.db"\n'))

  expect(code).toBe(0)
  expect(checks.find(({ name }) => name === 'database')).toMatchObject({ status: 'absent', detail: expect.stringContaining('is not there yet') })
  expect(existsSync(join(folder, 'drift.db'))).toBe(false)
})

test('a database whose folder is missing is a fault', async () => {
  const { code, checks } = await report(configure('[storage]\npath = "nowhere/drift.db"\n'))

  expect(code).toBe(1)
  expect(checks.find(({ name }) => name === 'database')).toMatchObject({ status: 'failed' })
})

test('another program’s file is a fault of the database', async () => {
  mkdirSync(join(folder, 'drift.db'))
  const { checks } = await report(configure('[storage]\npath = "drift.db"\n'))

  expect(checks.find(({ name }) => name === 'database')).toMatchObject({ status: 'failed', detail: expect.stringContaining('is a directory') })
})

test.each([
  ['where there is a database', true],
  ['where there is none yet', false],
])('a model file that is missing is named with its path and what mends it, %s', async (_, exists) => {
  const config = configure('[storage]\npath = "drift.db"\n[analytics]\nneural_ode = true\nmodel_path = "models/missing.pt"\n')
  if (exists) await openDatabase(config, { logger: { warn: () => undefined } }).then((db) => db.close())

  const { ok, code, checks } = await report(config)

  expect({ ok, code }).toEqual({ ok: false, code: 1 })
  expect(checks.find(({ name }) => name === 'model missing.pt')).toEqual({
    name: 'model missing.pt',
    status: 'failed',
    detail: `model_missing: There is no file ${join(folder, 'models/missing.pt')}.`,
    remedy: expect.stringContaining('model_path'),
  })
  expect(checks.find(({ name }) => name === 'libtorch')).toMatchObject({ status: 'failed' }) // now it is asked for
})

test('neural_ode without any model_path is a fault', async () => {
  const { code, checks } = await report(configure('[storage]\npath = "drift.db"\n[analytics]\nneural_ode = true\n'))

  expect(code).toBe(1)
  expect(checks.find(({ name }) => name === 'model')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('model_path') })
})

test('a model that is configured but off is absent, not a fault', async () => {
  const config = configure('[storage]\npath = "drift.db"\n[analytics]\nneural_ode = false\nmodel_path = "missing.pt"\n')
  const { code, checks } = await report(config)

  expect(code).toBe(0)
  expect(checks.find(({ name }) => name === 'model missing.pt')).toMatchObject({ status: 'absent' })
})

test('one prediction is tried in each collection, and says who answers', async () => {
  const config = configure('[storage]\npath = "drift.db"\n')
  const db = await openDatabase(config)
  const words = await db.createCollection('odd "name"', { dimension: 2 })
  await words.insert([
    { entity: 'a', timestamp: 0, vector: [0, 0] },
    { entity: 'a', timestamp: 1, vector: [1, 1] },
  ])
  await db.createCollection('empty', { dimension: 2 })
  await db.close()

  const { checks } = await report(config)

  expect(checks.filter(({ name }) => name.startsWith('predictions'))).toEqual([
    { name: 'predictions in empty', status: 'ok', detail: 'there are no observations to try one with' },
    { name: 'predictions in odd "name"', status: 'ok', detail: 'come from linear' },
  ])
})

test('every mistake of a configuration is shown, without a trace', async () => {
  const { code, out } = await runCli(['doctor', '--config', configure('[storag]\n[analytics]\nneural_od = true\n')])

  expect(code).toBe(1)
  expect(out).toMatch(/^failed +configuration /m)
  expect(out).toContain('storag: ')
  expect(out).toContain('did you mean "neural_ode"?')
  expect(out).not.toMatch(/^ +at /m)
})
