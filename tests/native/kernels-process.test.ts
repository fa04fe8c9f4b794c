import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ended, Programs } from './program.js'

const native = fileURLToPath(new URL('../../build/native', import.meta.url))
const isBuilt = existsSync(join(native, 'chronode_kernels.node'))
if (!isBuilt && process.env['CHRONODE_REQUIRE_NATIVE'] === '1') throw new Error('the kernels addon is not built')

/** 10 MB, 32 queries: some 10 ms of work on a thread, on and on. */
const SCANS = `
  const { distances } = openNative()
  const [rows, dimension] = [20_000, 128]
  const runs = Uint32Array.of(0, rows)
  const matrix = new Float32Array(KIND === 'shared' ? new SharedArrayBuffer(rows * dimension * 4) : rows * dimension)
  for (let i = 0; i < matrix.length; i++) matrix[i] = (i * 7919) % 1013
  const request = () => ({ metric: 'l2', dimension, matrix, queries: matrix.slice(0, 32 * dimension), runs, k: 10 })
  const scanning = async () => { for (;;) await distances.scan(request(), { threads: 2 }) }
`
const scans = (kind = 'own') => SCANS.replace('KIND', `'${kind}'`)
const WORKER = `
  const { fileURLToPath } = await import('node:url')
  const startWorker = async () => {
    const worker = new Worker(fileURLToPath(import.meta.url))
    await new Promise((resolve) => worker.once('message', resolve))
    return worker
  }
`

describe.skipIf(!isBuilt)('with scans in flight', () => {
  let programs: Programs
  beforeAll(() => {
    programs = new Programs()
  })
  afterAll(() => programs.remove())

  const run = (program: string): Promise<Ended> => programs.run(program)

  test.each(['own', 'shared'])('process.exit() ends the process as it says (%s memory)', async (kind) => {
    for (let round = 0; round < 8; round++) {
      const ended = await run(`${scans(kind)} for (let i = 0; i < 4; i++) void scanning(); setTimeout(() => process.exit(7), ${round * 4})`)
      expect(ended, ended.stderr).toMatchObject({ code: 7, signal: null, stderr: '' })
    }
  })

  test('an uncaught exception ends the process as ever', async () => {
    const ended = await run(`${scans()} void scanning(); setTimeout(() => { throw new Error('thrown') }, 10)`)
    expect(ended).toMatchObject({ code: 1, signal: null, stderr: expect.stringContaining('thrown') })
  })

  test('the process stays until a scan is answered, and no longer', async () => {
    const ended = await run(`${scans()} void distances.scan(request(), { threads: 1 }).then(([first]) => console.log(first.rows[0]))`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: '0\n' })
  })

  test('a worker that is terminated takes its memory with it, and the others go on', async () => {
    const ended = await run(`${WORKER} ${scans()}
      if (isMainThread) {
        for (let round = 0; round < 6; round++) {
          const workers = await Promise.all([startWorker(), startWorker()])
          await Promise.all(workers.map((worker) => worker.terminate()))
        }
        const [first] = await distances.scan(request(), { threads: 2 })
        console.log(first.rows[0])
      } else {
        void scanning()
        void scanning()
        setTimeout(() => parentPort.postMessage('scanning'), 5)
      }`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null, stdout: '0\n' })
  })

  test('a worker that exits by itself, too', async () => {
    const ended = await run(`${WORKER} ${scans()}
      if (isMainThread) {
        const worker = await startWorker()
        await new Promise((resolve) => worker.once('exit', (code) => { console.log(code); resolve() }))
      } else {
        void scanning()
        parentPort.postMessage('scanning')
        setTimeout(() => process.exit(3), 5)
      }`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null, stdout: '3\n' })
  })

  test('what is scanned is not collected as garbage', async () => {
    const ended = await run(`${scans()}
      const dropped = () => {
        const own = new Float32Array(matrix.length / 2).fill(1)
        const queries = new Float32Array(32 * dimension)
        return distances.scan({ metric: 'l2', dimension, matrix: own, queries, runs: Uint32Array.of(0, rows / 2), k: 3 }, { threads: 1 })
      }
      const { setFlagsFromString } = await import('node:v8')
      setFlagsFromString('--expose-gc')
      const gc = (await import('node:vm')).runInNewContext('gc')
      for (let round = 0; round < 10; round++) {
        const answers = [dropped(), dropped(), dropped()]
        gc()
        for (const [first] of await Promise.all(answers)) if (first.distances[2] !== Math.sqrt(dimension)) throw new Error('wrong')
      }
      console.log('right')`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: 'right\n' })
  })
})
