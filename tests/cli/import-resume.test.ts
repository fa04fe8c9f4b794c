import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { ROOT } from '../support/documents.js'
import { runCli } from './run-cli.js'

const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js')
const ROWS = 20_000
const BAD_EVERY = 97
let folder: string
let file: string
let state: string
let words: string[]

beforeAll(() => {
  if (!distIsCurrent()) buildDist()
}, 120_000)

beforeEach(() => {
  folder = temporaryFolder()
  file = join(folder, 'walk.csv')
  state = `${file}.import-state`
  const rows = Array.from({ length: ROWS }, (_, i) => (i % BAD_EVERY === 0 ? `e${i},never,"[1,2,3,4]"` : `e${i % 100},${1e12 + i},"[${i},2,3,4]"`))
  writeFileSync(file, `entity,timestamp,vector\n${rows.join('\n')}\n`)
  words = ['import', file, '--database', join(folder, 'walk.db'), '--collection', 'walk', '--dimension', '4', '--batch', '100']
  words.push('--rejects', join(folder, 'rejects.jsonl'))
})

function start(stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...words], {
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Waits until the import has acknowledged batches, and some are left. */
async function untilUnderWay(): Promise<void> {
  while (!existsSync(state)) await sleep(1)
}

function stateRecords(): number {
  return (JSON.parse(readFileSync(state, 'utf8')) as { records: number }).records
}

async function isWhole(): Promise<void> {
  const db = await openDatabase({ storage: { path: join(folder, 'walk.db') } }, { readonly: true })
  const bad = Math.ceil(ROWS / BAD_EVERY)
  expect(await db.collection('walk').stats()).toEqual({ entities: 100, observations: ROWS - bad })
  expect((await db.verify()).ok).toBe(true)
  await db.close()
  const rejects = readFileSync(join(folder, 'rejects.jsonl'), 'utf8').trimEnd().split('\n')
  expect(rejects.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(Array.from({ length: bad }, (_, i) => i * BAD_EVERY + 2))
  expect(existsSync(state)).toBe(false)
}

describe('an import that was stopped goes on with --resume', () => {
  test('after Ctrl-C, which ends it after a batch with 130 and says how', async () => {
    const child = start()
    const err = text(child.stderr!)
    await untilUnderWay()
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(await err).toMatch(
      /^[\d,]+ rows of the file are done, and stored; nothing after them is\. To go on from there, give the same command with --resume;/,
    )
    const done = stateRecords()
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(ROWS)

    const ran = await runCli([...words, '--resume', '--json'])
    expect(ran).toMatchObject({ code: 3, err: '' })
    expect(JSON.parse(ran.out)).toMatchObject({ ending: 'complete', rows: ROWS, replaced: 0, rejected: Math.ceil(ROWS / BAD_EVERY) })
    await isWhole()
  })

  test('after Ctrl-C while a pipe says nothing', async () => {
    state = join(folder, 'pipe.state')
    words = ['import', '-', '--format', 'jsonl', '--state', state, ...words.slice(2, -2)]
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `{"entity":"a","timestamp":${1e12 + i},"vector":[1,2,3,4]}\n`).join('')
    const child = start('pipe')
    child.stdin!.write(lines(2000).slice(0, -1)) // more than what tells one input from another
    child.stdin!.on('error', () => undefined)
    while (!existsSync(state) || stateRecords() < 1900) await sleep(5)
    const err = text(child.stderr!)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(await err).not.toContain('--rejects') // nothing was wrong with a line
    expect((await runCli([...words, '--resume'], { stdin: lines(2050) })).out).toContain('2,050 rows: 2,050 inserted, 0 replaced')
  })

  test('after kill -9, and again', async () => {
    for (const _ of [1, 2]) {
      const child = start()
      await untilUnderWay()
      const before = stateRecords()
      while (stateRecords() < before + 1000) await sleep(1)
      child.kill('SIGKILL')
      await once(child, 'exit')
      if (!words.includes('--resume')) words.push('--resume')
    }
    expect(await runCli(words)).toMatchObject({ code: 3, err: '' })
    await isWhole()
  })
})

describe('--resume', () => {
  /** Stops at a line that is beyond mending. */
  async function stopped(): Promise<void> {
    words = words.slice(0, -2)
    writeFileSync(file, `entity,timestamp,vector\n${'a,1e12,"[1,2,3,4]"\n'.repeat(150)}b,never,"[1,2,3,4]"\n`)
    expect(await runCli(words)).toMatchObject({ code: 1, err: expect.stringContaining('100 rows of the file are done') })
    words.push('--resume')
  }

  test('goes on past a bad line with --rejects', async () => {
    await stopped()
    const rejects = join(folder, 'r.jsonl')
    expect(await runCli([...words, '--rejects', rejects])).toEqual({
      code: 3,
      err: '',
      out: `${file}: 151 rows: 1 inserted, 149 replaced, 1 rejected, which are in ${rejects}.\n`,
    })
    expect(readFileSync(rejects, 'utf8')).toContain('"line":152')
  })

  test.each([
    ['was emptied', (rejects: string) => writeFileSync(rejects, '')],
    ['was taken away', () => undefined],
  ])('begins a file of rejects anew that %s meanwhile', async (_, leave) => {
    await stopped()
    const rejects = join(folder, 'r.jsonl')
    const kept = JSON.parse(readFileSync(state, 'utf8')) as object
    writeFileSync(state, JSON.stringify({ ...kept, rejected: 3, rejectsBytes: 500 })) // as if lines had been rejected before it stopped
    leave(rejects)
    expect((await runCli([...words, '--rejects', rejects])).out).toContain('151 rows: 1 inserted, 149 replaced, 4 rejected')
    expect(readFileSync(rejects, 'utf8')).toMatch(/^\{"line":152,.*\}\n$/)
  })

  test('refuses a file that has changed', async () => {
    await stopped()
    appendFileSync(file, 'c,1e12,"[1,2,3,4]"\n')
    expect(await runCli(words)).toMatchObject({ code: 1, err: expect.stringContaining('has changed since the import that') })
  })

  test('refuses another way to read it', async () => {
    await stopped()
    expect(await runCli([...words, '--time-unit', 's'])).toMatchObject({ code: 1, err: expect.stringContaining('an import with another time-unit.') })
  })

  test('refuses a collection that is gone', async () => {
    await stopped()
    const db = await openDatabase({ storage: { path: join(folder, 'walk.db') } })
    await db.dropCollection('walk')
    await db.close()
    expect(await runCli(words)).toMatchObject({ code: 2, err: expect.stringContaining('which the import had begun to fill, is gone') })
  })

  test('refuses a state that is none', async () => {
    await stopped()
    writeFileSync(state, '{}')
    expect(await runCli(words)).toMatchObject({ code: 1, err: expect.stringContaining('is no state of an import of this version') })
  })

  test('begins at the start where nothing was stopped, and says so', async () => {
    writeFileSync(file, 'entity,timestamp,vector\na,1e12,"[1,2,3,4]"\n')
    expect(await runCli([...words, '--resume'])).toMatchObject({ code: 0, err: `There is no state at ${state}: importing from the start.\n` })
  })

  test('of a pipe needs --state, and goes on past what was read', async () => {
    const kept = join(folder, 'pipe.state')
    const line = '{"entity":"a","timestamp":1e12,"vector":[1,2,3,4]}\n'
    const pipe = ['import', '-', '--format', 'jsonl', ...words.slice(2, -2)]
    expect(await runCli([...pipe, '--resume'])).toMatchObject({ code: 2, err: expect.stringContaining('name it with --state') })
    expect((await runCli([...pipe, '--state', kept], { stdin: `${line.repeat(150)}{}\n` })).code).toBe(1)
    const ran = await runCli([...pipe, '--state', kept, '--resume', '--rejects', join(folder, 'r')], { stdin: `${line.repeat(150)}{}\n` })
    expect(ran.out).toContain('151 rows: 1 inserted, 149 replaced, 1 rejected')
  })

  test.skipIf(process.getuid?.() === 0)('has no state in a folder that may not be written to', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    writeFileSync(join(locked, 'a.csv'), 'entity,timestamp,vector\na,1e12,"[1,2,3,4]"\n')
    chmodSync(locked, 0o500)
    expect((await runCli(['import', join(locked, 'a.csv'), ...words.slice(2)])).code).toBe(0)
    chmodSync(locked, 0o700)
  })
})
