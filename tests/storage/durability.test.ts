import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { temporaryFile } from './support.js'

const PROGRAM = fileURLToPath(new URL('insert-twenty.mjs', import.meta.url))
const TRACE = ['-f', '-e', 'trace=fsync,fdatasync']

/** How often a process that writes 20 batches asks the disk to keep them. */
function syncs(durability: string): number {
  const path = temporaryFile()
  const log = join(dirname(path), 'syncs')
  const { status, stderr } = spawnSync('strace', [...TRACE, '-o', log, process.execPath, PROGRAM, path, durability], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return readFileSync(log, 'utf8').match(/\b(?:fsync|fdatasync)\(/g)?.length ?? 0
}

test('with durability full each batch is synced to the disk before it is acknowledged; with normal none of its own', {
  timeout: 60_000,
}, (context) => {
  const probe = spawnSync('strace', [...TRACE, 'true'])
  context.skip(probe.status !== 0, 'strace, which counts the syncs, is not installed or not allowed here')
  if (!distIsCurrent()) buildDist()
  const [normal, full] = [syncs('normal'), syncs('full')]
  expect(full - normal).toBeGreaterThanOrEqual(20)
  expect(normal).toBeLessThan(20)
})
