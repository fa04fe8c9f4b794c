import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { ROOT } from '../support/documents.js'

const MAIN = join(ROOT, 'dist', 'src', 'cli', 'main.js')

beforeAll(() => {
  if (!distIsCurrent()) buildDist()
}, 120_000)

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' } })
  return { status, stdout, stderr }
}

test('the installed command ends with the code of what it ran', () => {
  expect(run(process.execPath, [MAIN, '--version'])).toMatchObject({ status: 0, stderr: '' })
  expect(run(process.execPath, [MAIN, 'query', '--database', '/nowhere/missing.db', 'SHOW COLLECTIONS'])).toMatchObject({ status: 1, stdout: '' })
  expect(run(process.execPath, [MAIN, 'qurey'])).toMatchObject({ status: 2, stdout: '' })
})

test('it ends quietly when nobody reads on', async () => {
  const database = join(temporaryFolder(), 'drift.db')
  const db = await openDatabase({ storage: { path: database } })
  const drift = await db.createCollection('drift', { dimension: 64 })
  await drift.insert(Array.from({ length: 2000 }, (_, i) => ({ entity: 'a', timestamp: i * 1e9, vector: new Float32Array(64).fill(i / 7) })))
  await db.close()

  const query = `"${process.execPath}" "${MAIN}" query --json --database "${database}" "SELECT * FROM drift"`
  const { stdout, stderr } = run('sh', ['-c', `{ ${query}; echo "ended with $?" >&2; } | head -n 2`])

  expect(stdout.split('\n')).toHaveLength(3)
  expect(stderr).toBe('ended with 0\n')
})

test('on an older Node it says which one it needs', () => {
  const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,napi:'9',node:'20.20.0'}})`
  const { status, stderr } = run(process.execPath, ['--import', older, MAIN, '--version'])
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'chronode needs Node 22.14 or newer; this is Node 20.20.0. Install one from https://nodejs.org.\n',
  })
})
