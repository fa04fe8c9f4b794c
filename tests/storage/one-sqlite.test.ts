import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { libraryOf } from '../../src/storage/connection/sqlite-library.js'
import { salvageDatabase } from '../../src/storage/salvage/salvage.js'
import { sourceFiles } from '../support/source-imports.js'
import { openForTest, temporaryFile } from './support.js'

/**
 * Closing any descriptor of a file drops all locks that the process has on it, and so SQLite's. What may be used: looking at names and
 * sizes, making a file that was not there, and naming or removing one that nobody has open.
 */
const HARMLESS = ['closeSync', 'existsSync', 'openSync', 'renameSync', 'rmSync', 'statSync', 'Stats']
const storage = sourceFiles('src/storage').filter(({ path }) => !path.startsWith('src/storage/salvage'))

function namesFromFs(code: string): string[] {
  const imports = [...code.matchAll(/import\s+(?:type\s+)?([^;'"]*?)\s*from\s*'(?:node:)?fs(?:\/promises)?'/g)]
  return imports.flatMap(([, names]) =>
    names!
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.replace(/\btype\b/, '').trim())
      .filter((name) => name !== ''),
  )
}

describe('no database file is ever opened beside SQLite', () => {
  test('the reader of imports sees every form', () => {
    expect(namesFromFs("import { type Stats, statSync } from 'node:fs'\nimport * as fs from 'fs'\nimport { open } from 'node:fs/promises'")).toEqual([
      'Stats',
      'statSync',
      '* as fs',
      'open',
    ])
  })

  test('storage uses of fs only what opens nothing', () => {
    const names = storage.flatMap(({ path, code }) => namesFromFs(code).map((name) => `${path}: ${name}`))
    expect(names.length).toBeGreaterThan(3)
    expect(names.filter((name) => !HARMLESS.includes(name.split(': ')[1]!))).toEqual([])
    const others = storage.filter(({ imports }) => imports.some(({ specifier }) => /^(node:)?fs/.test(specifier))).map(({ path }) => path)
    expect([...new Set(names.map((name) => name.split(': ')[0]))]).toEqual(others) // none in a form that was overlooked
  })

  test('what it opens is a file that must not have been there, and closed at once', () => {
    const calls = storage.flatMap(({ code }) => [...code.matchAll(/^.*\bopenSync\(.*$/gm)].map(([line]) => line.trim()))
    expect(calls).toEqual(["closeSync(openSync(path, 'wx', 0o600))", "closeSync(openSync(path, 'wx', 0o600))"])
  })

  test('salvage alone reads one, and none that this process has open', async () => {
    const path = temporaryFile()
    await openForTest({ path })
    await expect(salvageDatabase(path, `${path}.copy`)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID', message: expect.stringContaining('open') })
  })

  test('the others read and write configurations, models, what tells of native code, and what is imported and exported', () => {
    const reads = sourceFiles('src').filter(
      ({ path, code }) => !path.startsWith('src/storage/') && namesFromFs(code).some((name) => /read|open|copy|write/i.test(name)),
    )
    expect(reads.map(({ path }) => path)).toEqual([
      'src/analytics/model-file.ts',
      'src/cli/check-configuration.ts',
      'src/cli/in-memory.ts',
      'src/cli/transfer/arrow-records.ts',
      'src/cli/transfer/export-file.ts',
      'src/cli/transfer/import-state.ts',
      'src/cli/transfer/input.ts',
      'src/cli/transfer/rejects-file.ts',
      'src/cli/transfer/replaced-files.ts',
      'src/config-file.ts',
      'src/native/places.ts',
    ])
  })
})

test('a process that reads, writes, verifies and backs up has one SQLite', () => {
  if (!distIsCurrent()) buildDist()
  const program = fileURLToPath(new URL('everything.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, temporaryFile()], { encoding: 'utf8' })
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'copies of SQLite: 1\n' })
})

test('the file of better-sqlite3 is known, so that checks may run in a worker thread with the same copy', () => {
  expect(libraryOf(Sqlite)).toBe(createRequire(import.meta.url).resolve('better-sqlite3'))
})
