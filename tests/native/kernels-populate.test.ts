import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths, rawKernels } from './kernel-paths.js'
import { Programs } from './program.js'

const BYTES = 256 * 2 ** 20
const PAGE_NUMBERS = 1024

function expectedAt(i: number): number {
  return i % 8191
}

/** One number of each page. */
function* everyPage(memory: Float32Array): Generator<number> {
  for (let i = 0; i < memory.length; i += PAGE_NUMBERS) yield i
}

test.each(paths)('$simd: populate leaves what is in memory, and what is written meanwhile', async (kernels) => {
  const memory = new Float32Array(BYTES / 16)
  const half = memory.length / 2
  for (const i of everyPage(memory.subarray(0, half))) memory[i] = expectedAt(i)
  kernels.populate(memory)
  for (const i of everyPage(memory)) if (i >= half) memory[i] = expectedAt(i)
  await setTimeout(50)

  for (const i of everyPage(memory)) if (memory[i] !== expectedAt(i)) throw new Error(`number ${i} is ${memory[i]}`)
})

test.each(paths)('$simd: populate takes memory that is too small to matter, and none', (kernels) => {
  for (const length of [0, 1, 1023, 1_100_000]) kernels.populate(new Float32Array(length))
})

const isLinux = process.platform === 'linux'

describe.skipIf(rawKernels?.populate === undefined)('the addon', () => {
  test.skipIf(!isLinux)(
    'lays memory out that nobody has touched',
    async () => {
      const before = process.memoryUsage.rss()
      const memory = new Float32Array(BYTES / 4)
      const grown = () => process.memoryUsage.rss() - before
      expect(grown()).toBeLessThan(BYTES / 4) // the system takes its time until it is asked

      rawKernels!.populate!(memory)
      for (let waited = 0; waited < 200 && grown() < BYTES / 2; waited++) await setTimeout(50)

      expect(grown()).toBeGreaterThan(BYTES / 2)
      expect(memory[memory.length - 1]).toBe(0)
    },
    20_000,
  )

  test('refuses what is no Float32Array', () => {
    const populate = rawKernels!.populate as (memory: unknown) => void
    for (const wrong of [undefined, 1, new Float64Array(4), new ArrayBuffer(16), [1]]) expect(() => populate(wrong)).toThrow('Float32Array')
  })
})

const isBuilt = existsSync(fileURLToPath(new URL('../../build/native/chronode_kernels.node', import.meta.url)))

describe.skipIf(!isBuilt)('with memory being laid out', () => {
  let programs: Programs
  beforeAll(() => {
    programs = new Programs()
  })
  afterAll(() => programs.remove())

  const POPULATE = `
    const { distances } = openNative()
    const populate = () => distances.populate(new Float32Array(${BYTES / 4}))
  `

  test('the process ends as soon as it would', async () => {
    const ended = await programs.run(`${POPULATE} populate(); populate()`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  test('a worker that is terminated leaves the others alone', async () => {
    const ended = await programs.run(`${POPULATE}
      const { fileURLToPath } = await import('node:url')
      if (isMainThread) {
        for (let round = 0; round < 4; round++) {
          const worker = new Worker(fileURLToPath(import.meta.url))
          await new Promise((resolve) => worker.once('message', resolve))
          await worker.terminate()
        }
        console.log('right')
      } else {
        populate()
        parentPort.postMessage('populating')
        setInterval(() => undefined, 1000)
      }`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null, stdout: 'right\n' })
  })

  test('memory that nobody else has is kept until it is laid out, and then let go of', async () => {
    const ended = await programs.run(`${POPULATE}
      const { setFlagsFromString } = await import('node:v8')
      setFlagsFromString('--expose-gc')
      const gc = (await import('node:vm')).runInNewContext('gc')
      for (let round = 0; round < 4; round++) populate()
      gc()
      for (let waited = 0; waited < 300; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        gc()
        if (process.memoryUsage().arrayBuffers < ${BYTES}) break
      }
      console.log(process.memoryUsage().arrayBuffers < ${BYTES})`)
    expect(ended, ended.stderr).toMatchObject({ code: 0, signal: null, stdout: 'true\n' })
  }, 40_000)
})
