import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Check } from '../../src/cli/check.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()
const MODEL = 'not looked into'
const SHA256 = createHash('sha256').update(MODEL).digest('hex')

function configure(text: string): string {
  const file = join(place.folder, 'chronode.toml')
  writeFileSync(file, text)
  return file
}

async function checksOf(text: string, ...words: string[]): Promise<{ code: number; checks: readonly Check[] }> {
  const { code, out } = await runCli(['config', 'check', configure(text), '--json', ...words])
  return { code, checks: JSON.parse(out).checks }
}

function check(checks: readonly Check[], name: string): Check | undefined {
  return checks.find((one) => one.name === name)
}

test('a right configuration whose files are there is well', async () => {
  writeFileSync(join(place.folder, 'words.pt'), MODEL)
  const file = configure('[storage]\npath = "drift.db"\n[analytics]\nneural_ode = true\nmodel_path = "words.pt"\n')
  const { code, out, err } = await runCli(['config', 'check', file])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^ok +configuration +.*chronode\.toml\nok +database +.*drift\.db, [\d.]+ KiB\nok +model +.*words\.pt, 15 B\n\nAll works\.\n$/)
})

test('all mistakes of a file are told at once, with their places', async () => {
  const { code, checks } = await checksOf('[storage]\npath = 5\nreadonley = true\n[analytics]\nneural_ode = "yes"\ntimeout_ms = 0\n')
  expect(code).toBe(1)
  expect(checks).toHaveLength(1)
  for (const key of ['storage.path', 'storage.readonley', 'analytics.neural_ode', 'analytics.timeout_ms']) expect(checks[0]!.detail).toContain(key)
})

test('a slip of TOML is told with line and column', async () => {
  const { code, checks } = await checksOf('[storage]\npath = \n')
  expect({ code, detail: checks[0]!.detail }).toEqual({ code: 1, detail: expect.stringMatching(/line 2/) })
})

test('nothing is made, and nothing else than the named files is needed', async () => {
  const { code, checks } = await checksOf('[storage]\npath = "later.db"\n')
  expect(code).toBe(0)
  expect(check(checks, 'database')).toMatchObject({ status: 'absent', detail: expect.stringContaining('is not there yet') })
  expect(existsSync(join(place.folder, 'later.db'))).toBe(false)
})

test.each([
  ['a missing folder', 'path = "none/drift.db"', /nor its folder/, /mkdir -p/],
  ['a folder', 'path = "folder"', /no regular file/, /name a file/],
  ['a missing file for reading alone', 'path = "later.db"\nreadonly = true', /there is no/, /without readonly/],
])('a database that is %s is a fault', async (_, text, detail, remedy) => {
  mkdirSync(join(place.folder, 'folder'))
  const { code, checks } = await checksOf(`[storage]\n${text}\n`)
  expect(code).toBe(1)
  expect(check(checks, 'database')).toMatchObject({ status: 'failed', detail: expect.stringMatching(detail), remedy: expect.stringMatching(remedy) })
})

test.each([
  ['that is missing', 'neural_ode = true\nmodel_path = "none.pt"', 'failed', /there is no .*none\.pt/],
  ['that nobody names', 'neural_ode = true', 'failed', /no model_path/],
  ['that is a folder', 'neural_ode = true\nmodel_path = "folder"', 'failed', /no regular file/],
  ['that is off', 'model_path = "words.pt"', 'absent', /is off/],
  ['that is not the pinned one', `neural_ode = true\nmodel_path = "words.pt"\nmodel_sha256 = "${'0'.repeat(64)}"`, 'failed', new RegExp(SHA256)],
  ['that is the pinned one', `neural_ode = true\nmodel_path = "words.pt"\nmodel_sha256 = "${SHA256}"`, 'ok', /with the sha256/],
])('a model %s is said to be so', async (_, text, status, detail) => {
  mkdirSync(join(place.folder, 'folder'))
  writeFileSync(join(place.folder, 'words.pt'), MODEL)
  const { code, checks } = await checksOf(`[storage]\npath = "drift.db"\n[analytics]\n${text}\n`)
  expect(check(checks, 'model')).toMatchObject({ status, detail: expect.stringMatching(detail) })
  expect(code).toBe(status === 'failed' ? 1 : 0)
})

test('a model of one collection is looked at by itself, and a predictor of the app is named', async () => {
  writeFileSync(join(place.folder, 'words.pt'), MODEL)
  const { code, checks } = await checksOf(
    '[storage]\npath = "drift.db"\n[analytics]\nneural_ode = true\nmodel_path = "words.pt"\nmethod = "liner"\n' +
      '[analytics.collection.drift]\nmodel_path = "none.pt"\n[analytics.collection.empty]\ncontext = 5\n',
  )
  expect(code).toBe(1)
  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ['configuration', 'ok'],
    ['database', 'ok'],
    ['model', 'ok'],
    ['model of drift', 'failed'],
    ['predictor liner', 'note'],
  ])
})

test('a predictor that only the app can bring is noted, and not said to work', async () => {
  const file = configure('[storage]\npath = "drift.db"\n[analytics]\nmethod = "mine"\n')
  const { code, out } = await runCli(['config', 'check', file])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^note +predictor mine +it is none of .*linear.*: the app must bring it when it opens the database, and nothing here can tell whether it does$/m,
  )
  expect(out).toContain('All that can be told from here works; what is noted is for the app to see to.')
})

test('a configuration for an app with its own connection has no path', async () => {
  expect((await checksOf('[analytics]\nneural_ode = false\n')).checks[0]!.detail).toContain('storage.path')
  const { code, checks } = await checksOf('[analytics]\nneural_ode = false\n', '--attached')
  expect(code).toBe(0)
  expect(check(checks, 'database')).toMatchObject({ detail: 'the app gives its own connection' })
})

test('without a file the one of this folder is checked', async () => {
  vi.spyOn(process, 'cwd').mockReturnValue(place.folder)
  const { code, err } = await runCli(['config', 'check'])
  expect(code).toBe(2)
  expect(err).toContain('chronode config check FILE')
  expect((await runCli(['config', 'check', 'missing.toml'])).out).toContain('no such file')
})

test('--help has examples and exit codes', async () => {
  expect((await runCli(['config', 'check', '--help'])).out).toMatch(/Examples:\n {2}chronode config check\n.*Exit code: 0 /s)
})
