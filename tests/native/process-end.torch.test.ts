import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, Programs } from './program.js'
import { torchSuite } from './support.js'

const STUCK = 'const stuck = await load(ENDLESS); void stuck(60_000).then(console.log); await sleep(50);'

torchSuite('a process ends as it should, whatever libtorch is doing', () => {
  let programs: Programs
  let endless: string
  let last: string

  beforeAll(() => {
    programs = new Programs()
    endless = JSON.stringify(programs.model('endless'))
    last = JSON.stringify(programs.model('last'))
  })
  afterAll(() => programs.remove())

  const run = (program: string): Promise<Ended> => programs.run(program.replaceAll('ENDLESS', endless).replaceAll('LAST', last))

  test.for<[string, string, number]>([
    ['process.exit() with a stuck model', `${STUCK} process.exit(7)`, 7],
    [
      'process.exit() in the middle of many predictions',
      'const one = await load(LAST); for (let i = 0; i < 1000; i++) void one(1000); process.exit(3)',
      3,
    ],
    ['an uncaught exception with a stuck model', `${STUCK} setTimeout(() => { throw new Error("thrown") })`, 1],
    ['an unhandled rejection with a stuck model', `${STUCK} void Promise.reject(new Error("rejected"))`, 1],
    ['process.exit() while libtorch is being loaded', 'void openTorch(); setTimeout(() => process.exit(5), 30)', 5],
    ['process.exit() at once', 'void openTorch(); process.exit(6)', 6],
    ['process.exit() while a model is being loaded', 'const one = await load(LAST); void load(ENDLESS); await null; process.exit(4)', 4],
    ['the end after a timeout, with the thread still stuck', 'const one = await load(ENDLESS); console.log(await one(100))', 0],
    ['the end after all is done', 'const one = await load(LAST); console.log(await one(1000))', 0],
    ['the end after the caller stopped waiting for a stuck model', `${STUCK.replace('60_000', '60_000, 1, AbortSignal.timeout(200)')}`, 0],
  ])('%s', async ([, program, code]) => {
    const ended = await run(program)
    expect(ended, ended.stderr).toMatchObject({ code, signal: null })
    expect(ended.ms).toBeLessThan(20_000)
  })

  test('SIGTERM with a stuck model', async () => {
    expect(await run(`${STUCK} process.kill(process.pid, 'SIGTERM'); await sleep(10_000)`)).toMatchObject({ signal: 'SIGTERM' })
  })

  test('what was printed before process.exit() arrives whole', async () => {
    const { stdout, code } = await run(`${STUCK} for (let i = 0; i < 20_000; i++) console.log('line', i); process.exit(2)`)
    expect(code).toBe(2)
    expect(stdout.trimEnd().split('\n')).toHaveLength(20_000)
  })

  test('a prediction under way keeps the process alive until it is answered', async () => {
    expect((await run('const one = await load(LAST); void one(5000).then(console.log)')).stdout).toBe('1,2\n')
  })
})

torchSuite('worker threads', () => {
  let programs: Programs
  beforeAll(() => {
    programs = new Programs()
  })
  afterAll(() => programs.remove())

  /** `body` runs in the worker, which says 'ready' at its end; `main` in the main thread, with `worker` and `ready()`. */
  function withWorker(body: string, main: string): Promise<Ended> {
    const [endless, last] = [programs.model('endless'), programs.model('last')].map((path) => JSON.stringify(path))
    const program = `
      if (isMainThread) {
        const start = async (data) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: data })
          worker.on('error', () => {})
          await new Promise((resolve) => worker.once('message', resolve))
          return worker
        }
        ${main}
      } else {
        ${body}
        parentPort.postMessage('ready')
      }`
    return programs.run(program.replaceAll('ENDLESS', endless!).replaceAll('LAST', last!))
  }

  test('terminated with a stuck model, again and again, leaves the process well', async () => {
    const ended = await withWorker(
      'const stuck = await load(ENDLESS); void stuck(60_000); await sleep(20); setInterval(() => {}, 1000)',
      `for (let i = 0; i < 4; i++) await (await start()).terminate()
       const one = await load(LAST)
       console.log(await one(5000))`,
    )
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: '1,2\n' })
  })

  test('that end by themselves, by process.exit() or by throwing, with predictions under way', async () => {
    const ended = await withWorker(
      `const one = await load(LAST)
       const how = (await import('node:worker_threads')).workerData
       for (let i = 0; i < 200; i++) void one(1000)
       if (how === 'exit') setTimeout(() => process.exit(5))
       if (how === 'throw') setTimeout(() => { throw new Error('thrown') })`,
      `for (const how of ['end', 'exit', 'throw', 'end', 'exit', 'throw']) {
         const worker = await start(how)
         console.log(how, await new Promise((resolve) => worker.once('exit', resolve)))
       }`,
    )
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: 'end 0\nexit 5\nthrow 1\nend 0\nexit 5\nthrow 1\n' })
  })

  test('predict side by side with the main thread', async () => {
    const ended = await withWorker(
      `const one = await load(LAST)
       const answers = new Set()
       for (let i = 0; i < 300; i++) answers.add(await one(5000))
       console.log('worker', [...answers].join())`,
      `const [a, b, one] = await Promise.all([start(), start(), load(LAST)])
       console.log('main', await one(5000))`,
    )
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stdout.trim().split('\n').sort()).toEqual(['main 1,2', 'worker 1,2', 'worker 1,2'])
  })

  test('terminated while libtorch is being loaded', async () => {
    const ended = await withWorker(
      'void openTorch(); await sleep(10); setInterval(() => {}, 1000)',
      'await (await start()).terminate(); const one = await load(LAST); console.log(await one(5000))',
    )
    expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: '1,2\n' })
  })

  test('main process.exit() while a worker is stuck, or loads libtorch', async () => {
    const stuck = await withWorker('const stuck = await load(ENDLESS); void stuck(60_000); await sleep(20)', 'await start(); process.exit(3)')
    expect(stuck, stuck.stderr).toMatchObject({ code: 3 })
    const loading = await withWorker('void openTorch()', 'await start(); process.exit(4)')
    expect(loading, loading.stderr).toMatchObject({ code: 4 })
  })
})
