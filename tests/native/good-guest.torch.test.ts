import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, Programs } from './program.js'
import { torchSuite } from './support.js'

torchSuite('libtorch in an app that has other things to do', () => {
  let programs: Programs
  let endless: string
  let last: string

  beforeAll(() => {
    programs = new Programs()
    endless = JSON.stringify(programs.model('endless'))
    last = JSON.stringify(programs.model('last'))
  })
  afterAll(() => programs.remove())

  const run = async (program: string): Promise<Ended> => {
    const ended = await programs.run(program.replaceAll('ENDLESS', endless).replaceAll('LAST', last))
    expect(ended.code, ended.stderr).toBe(0)
    return ended
  }

  test('is loaded without a pause of the event loop', async () => {
    const { stdout } = await run(`
      let longest = 0, before = performance.now()
      const timer = setInterval(() => { longest = Math.max(longest, performance.now() - before); before = performance.now() }, 1)
      const start = performance.now()
      await openTorch()
      clearInterval(timer)
      console.log(JSON.stringify({ loadMs: performance.now() - start, longest }))`)
    const { loadMs, longest } = JSON.parse(stdout) as { loadMs: number; longest: number }
    expect(longest, `of ${loadMs} ms`).toBeLessThan(loadMs / 3)
  })

  test('leaves the environment and the working of the process as they were', async () => {
    const { stdout, stderr } = await run(`
      const before = JSON.stringify(process.env)
      const listeners = process.listenerCount('exit')
      await openTorch()
      const { execFileSync } = await import('node:child_process')
      console.log(JSON.stringify(process.env) === before, execFileSync('env').includes('OPENBLAS'), process.listenerCount('exit') - listeners)`)
    expect(stdout).toBe('true false 1\n')
    expect(stderr).toBe('')
  })

  test('with six stuck models still predicts with others, and reads files', async () => {
    const { stdout } = await run(`
      const one = await load(LAST)
      for (let i = 0; i < 6; i++) { const stuck = await load(ENDLESS); console.log((await stuck(50)).split(':')[0]) }
      const { readFile } = await import('node:fs/promises')
      const files = await Promise.all(Array.from({ length: 8 }, () => readFile(LAST)))
      console.log(files.length, await one(5000))
      process.exit(0)`)
    expect(stdout).toBe(`${'timeout\n'.repeat(6)}8 1,2\n`)
  })

  test('says so when too many threads are stuck, and does not hang', async () => {
    const { stdout } = await run(`
      const one = await load(LAST)
      const stuck = await Promise.all(Array.from({ length: 12 }, () => load(ENDLESS)))
      await Promise.all(stuck.map((call) => call(50)))
      console.log(await one(5000))
      const again = await openTorch()
      console.log(JSON.stringify(await again.load(readFileSync(LAST), { device: 'cpu', manyTargets: false, timeoutMs: 1000 })))
      process.exit(0)`)
    const message = 'threads are stuck in models that do not return, and no more are started. End the process, and mend or remove those models'
    const [predicted, loaded] = stdout.split('\n')
    expect(predicted).toContain(`timeout: 10 ${message}`)
    expect(JSON.parse(loaded!)).toMatchObject({ kind: 'refused', reason: 'timeout', message: expect.stringContaining(message) })
  })

  test('serves from shared threads whatever is asked for in one process', async () => {
    const { stdout } = await run(`
      const one = await load(LAST)
      const answers = await Promise.all(Array.from({ length: 5000 }, (_, i) => one(20_000, i)))
      console.log(answers.every((answer, i) => answer === i + ',2'))`)
    expect(stdout).toBe('true\n')
  })

  test('does not grow with the number of predictions', async () => {
    const calls = Number(process.env['CHRONODE_LEAK_CALLS'] ?? 10_000)
    const { stdout } = await run(`
      const { model } = await (await openTorch()).load(readFileSync(LAST), { device: 'cpu', manyTargets: false, timeoutMs: 1000 })
      const trajectories = new Float32Array(50 * 129)
      const batch = { count: 1, length: 50, width: 129, trajectories, targets: Float32Array.of(1), targetsPerItem: 1 }
      const rssAfter = async (calls) => {
        for (let done = 0; done < calls; done += 100) await Promise.all(Array.from({ length: 100 }, () => model.predict(batch, 20_000)))
        return process.memoryUsage().rss
      }
      await rssAfter(${calls / 2})
      const middle = await rssAfter(100)
      const end = await rssAfter(${calls / 2})
      console.log(JSON.stringify({ grownKb: (end - middle) / 1024 }))`)
    const { grownKb } = JSON.parse(stdout) as { grownKb: number }
    const batchKb = (50 * 129 * 4) / 1024
    // Had each call left its batch behind, or half of it, this would be many times more. The heap itself wanders by some MB.
    expect(grownKb, `KB in ${calls / 2} calls`).toBeLessThan((batchKb * calls) / 2 / 6)
  })
})
