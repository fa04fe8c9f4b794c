import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { withLock } from '../../scripts/setup/lock.mjs'

const MODULE = new URL('../../scripts/setup/lock.mjs', import.meta.url).href

function lockPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, '.setup.lock')
}

const quiet = () => undefined

function deadProcessId(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

test('processes that start at once work one after another', async () => {
  const path = lockPath()
  const diary = `${path}.diary`
  const code = `
    import { appendFileSync } from 'node:fs'
    import { withLock } from ${JSON.stringify(MODULE)}
    await withLock(${JSON.stringify(path)}, console.log, async () => {
      appendFileSync(${JSON.stringify(diary)}, 'in ')
      await new Promise((resolve) => setTimeout(resolve, 50))
      appendFileSync(${JSON.stringify(diary)}, 'out ')
    })`
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '--eval', code]))
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  expect(readFileSync(diary, 'utf8')).toBe('in out '.repeat(4))
  expect(existsSync(path)).toBe(false)
})

test('the lock is given back when the work fails', async () => {
  const path = lockPath()
  const failing = withLock(path, quiet, () => {
    throw new Error('no disk')
  })
  await expect(failing).rejects.toThrow('no disk')
  expect(existsSync(path)).toBe(false)
})

test('the lock of a process that died is taken over', async () => {
  const path = lockPath()
  writeFileSync(path, `${deadProcessId()} ${hostname()}`)
  expect(await withLock(path, quiet, () => readFileSync(path, 'utf8'))).toBe(`${process.pid} ${hostname()}`)
})

test('so is one that its process did not live to sign', async () => {
  const path = lockPath()
  writeFileSync(path, '')
  utimesSync(path, new Date(0), new Date(0))
  expect(await withLock(path, quiet, () => 'done')).toBe('done')
})

test.each([
  ['a living process', `${process.pid} ${hostname()}`],
  ['another machine, whose processes cannot be seen,', `${deadProcessId()} elsewhere`],
])('the lock of %s is waited for', async (_, holder) => {
  const path = lockPath()
  const log = vi.fn()
  writeFileSync(path, holder)
  const work = vi.fn()
  const waiting = withLock(path, log, work)
  await vi.waitFor(() => expect(log).toHaveBeenCalledWith(expect.stringContaining(`waiting for another one (process ${holder})`)))
  expect(work).not.toHaveBeenCalled()
  rmSync(path)
  await waiting
  expect(work).toHaveBeenCalledOnce()
})
