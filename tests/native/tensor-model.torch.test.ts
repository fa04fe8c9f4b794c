import { expect, test } from 'vitest'
import { compileModel, MARK, sources } from '../support/torch-models.js'
import { batchOf, loadModel, messageOf, openRuntime, said, steady, torchSuite } from './support.js'

torchSuite('a model that answers', () => {
  test('is given times and vectors in the order of the contract, and answers item by item', async () => {
    const model = await loadModel('times')
    const first = { times: [0, 0.25], vectors: [[9, 9, 9, 9], [1, 2, 3, 4]], targets: [1] } // biome-ignore format: rows
    const second = { times: [-3, -2], vectors: [[9, 9, 9, 9], [5, 6, 7, 8]], targets: [4] } // biome-ignore format: rows
    expect(said(await model.predict(batchOf(first, second), 5000))).toEqual([[0, 0.25, 1, 4], [-3, -2, 4, 8]]) // biome-ignore format: rows
  })

  test('is given batches when an item does not depend on the others', async () => {
    const model = await loadModel('line')
    const item = (slope: number) => ({ times: [0, 0.5], vectors: [[1], [1 + slope]] }) // at time 1 a straight line is at 1 + 2 * slope
    expect(said(await model.predict(batchOf(item(1), item(3), item(-2)), 5000))).toEqual([[3], [7], [-3]])
    expect(model.servedSingly).toBe(false)
  })

  test.each(['float64', 'float16', 'bfloat16'] as const)('may answer in %s', async (name) => {
    const model = await loadModel(name)
    expect(said(await model.predict(batchOf(steady(0.5, -3)), 5000))).toEqual([[0.5, -3]])
  })

  test('takes many targets and answers each, when it is loaded so', async () => {
    const model = await loadModel('manyTargets', { manyTargets: true })
    const items = [{ ...steady(1, 2), targets: [1, 10, 100] }, { ...steady(5, 6), targets: [2, 20, 200] }] // biome-ignore format: rows
    const expected = [[2, 3], [11, 12], [101, 102], [7, 8], [25, 26], [205, 206]] // biome-ignore format: rows
    expect(said(await model.predict(batchOf(...items), 5000))).toEqual(expected)
  })

  test('is served one item at a time when it mixes a batch, takes one target for all, or refuses more than one', async () => {
    const items = [{ ...steady(1, 2), times: [-2, 0], targets: [1] }, { ...steady(3, 4), times: [-2, 0], targets: [5] }] // biome-ignore format: rows
    for (const [name, expected] of [
      [
        'batchMean',
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        'firstTarget',
        [
          [2, 3],
          [8, 9],
        ],
      ],
      [
        'singleOnly',
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ] as const) {
      const model = await loadModel(name)
      expect([name, said(await model.predict(batchOf(...items), 5000))]).toEqual([name, expected])
      expect(model.servedSingly).toBe(true)
    }
  })

  test('does not see what becomes of its arguments later', async () => {
    const model = await loadModel('slow', { attributes: { rounds: 2000n } })
    const batch = batchOf(steady(1, 2))
    const answer = model.predict(batch, 20_000)
    batch.trajectories.fill(99)
    expect(said(await answer)).toEqual([[1, 2]])
  })

  test('is tried out right after loading when its dimension is known', async () => {
    const model = await loadModel('batchMean', { dimension: 2 })
    const deadlineMs = performance.now() + 10_000
    while (!model.servedSingly && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(model.servedSingly).toBe(true) // nothing has been asked of it
  })

  test('answers no items with nothing', async () => {
    const model = await loadModel('last')
    const none = { count: 0, length: 2, width: 3, trajectories: new Float32Array(0), targets: new Float32Array(0), targetsPerItem: 1 }
    expect(await model.predict(none, 5000)).toEqual([])
  })

  test('answers from shared memory, too', async () => {
    const model = await loadModel('last')
    const batch = batchOf(steady(1, 2))
    const shared = new Float32Array(new SharedArrayBuffer(batch.trajectories.byteLength))
    shared.set(batch.trajectories)
    expect(said(await model.predict({ ...batch, trajectories: shared }, 5000))).toEqual([[1, 2]])
  })

  test('gives vectors that own their memory', async () => {
    const model = await loadModel('last')
    const [outcome] = await model.predict(batchOf(steady(1, 2), steady(3, 4)), 5000)
    expect(outcome?.kind === 'vector' && outcome.vector.buffer.byteLength).toBe(8)
  })
})

torchSuite('a model that is wrong', () => {
  test.each([
    ['noForward', 'has no method forward(trajectory, target)'],
    ['oneArgument', 'this one is forward(trajectory: Tensor)'],
    ['threeArguments', 'this one is forward(trajectory: Tensor, target: Tensor, extra: Tensor)'],
    ['notTensors', 'this one is forward(trajectory: int, target: int)'],
  ] as const)('%s is refused when it is loaded', async (name, telling) => {
    const runtime = await openRuntime()
    const loaded = await runtime.load(compileModel(sources[name]), { device: 'auto', manyTargets: false, timeoutMs: 5000 })
    expect(loaded).toMatchObject({ kind: 'refused', reason: 'model_invalid', message: expect.stringContaining(telling) })
  })

  test.each(['', 'no archive at all', compileModel(sources.last).subarray(0, 900)])('bytes that are no TorchScript are refused', async (bytes) => {
    const runtime = await openRuntime()
    const loaded = await runtime.load(Buffer.from(bytes), { device: 'auto', manyTargets: false, timeoutMs: 5000 })
    expect(loaded).toMatchObject({ kind: 'refused', reason: 'model_invalid', message: expect.stringContaining('cannot read it as TorchScript: ') })
  })

  test.each([
    ['tuple', 'it answered a Tuple'],
    ['number', 'it answered a Double'],
    ['int64', 'it answered Long [1, 2]'],
    ['squeezed', 'it answered Float [2]'],
    ['tooWide', 'it answered Float [1, 3]'],
    ['doubled', 'it answered Float [2, 2]'],
  ] as const)('%s is condemned for that dimension', async (name, telling) => {
    const model = await loadModel(name)
    for (let i = 0; i < 2; i++) {
      const outcomes = await model.predict(batchOf(steady(1, 2), steady(3, 4)), 5000)
      expect(said(outcomes)).toEqual(['bad_output_shape', 'bad_output_shape'])
      expect(messageOf(outcomes[1])).toBe(`forward should answer float [1, 2]; ${telling}.`)
    }
  })

  test('for one dimension still serves another', async () => {
    const fixed = 'def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    return trajectory[:, -1, 1:3]\n'
    const model = await loadModel({ source: fixed })
    expect(said(await model.predict(batchOf(steady(1, 2, 3)), 5000))).toEqual(['bad_output_shape'])
    expect(said(await model.predict(batchOf(steady(1, 2)), 5000))).toEqual([[1, 2]])
  })

  test('for one target answers for many in a wrong shape', async () => {
    const model = await loadModel('last', { manyTargets: true })
    const [outcome] = await model.predict(batchOf({ ...steady(1, 2), targets: [1, 2] }), 5000)
    expect(messageOf(outcome)).toBe('forward should answer float [1, 2, 2]; it answered Float [1, 2].')
  })

  test('fails for a marked item alone, with its last telling line', async () => {
    const model = await loadModel('throwsOnMark')
    const outcomes = await model.predict(batchOf(steady(1, 2), steady(MARK, 2), steady(3, 4)), 5000)
    expect(said(outcomes)).toEqual([[1, 2], 'inference_failed', [3, 4]])
    expect(messageOf(outcomes[1])).toBe('RuntimeError: AssertionError: a marked item was met')
    expect(said(await model.predict(batchOf(steady(1, 2)), 5000))).toEqual([[1, 2]])
  })

  test('answers NaN for a marked item alone', async () => {
    const model = await loadModel('nanOnMark')
    const outcomes = await model.predict(batchOf(steady(1, 2), steady(MARK, 2), steady(3, 4)), 5000)
    expect(said(outcomes)).toEqual([[1, 2], 'non_finite_output', [3, 4]])
    expect(messageOf(outcomes[1])).toBe('The model answered NaN for this context.')
  })

  test('that overflows float32 is not finite', async () => {
    const model = await loadModel({
      source: 'def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    return trajectory[:, -1, 1:].to(dtype=7) * 1e300\n',
    })
    expect(said(await model.predict(batchOf(steady(1, 0), steady(0, 0)), 5000))).toEqual(['non_finite_output', [0, 0]])
  })

  test('on made-up data only, by throwing or by NaN, is not condemned', async () => {
    const body = 'x = trajectory[:, -1, 1:]\n    assert float(x.max()) > 1.0, "not made up"\n    return x\n'
    const throwing = await loadModel({ source: `def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    ${body}` })
    const notFinite = await loadModel({
      source: 'def forward(self, trajectory: Tensor, target: Tensor) -> Tensor:\n    return torch.sqrt(trajectory[:, -1, 1:] - 1.0) ** 2 + 1.0\n',
    })
    for (const model of [throwing, notFinite]) {
      const answers = said(await model.predict(batchOf(steady(5, 2), steady(10, 17)), 5000)).flat().map(Math.round as (x: unknown) => number) // biome-ignore format: one line
      expect(answers).toEqual([5, 2, 10, 17])
    }
  })

  test('always throws: each item is refused with the reason', async () => {
    const model = await loadModel('throws')
    for (let i = 0; i < 10; i++)
      expect(said(await model.predict(batchOf(steady(1), steady(2)), 5000))).toEqual(['inference_failed', 'inference_failed'])
  })
})

torchSuite('bad arguments are TypeErrors that name them', () => {
  test.each([
    [{ trajectories: new Float32Array(5) }, '"trajectories" should be a Float32Array of 6 numbers; it has 5'],
    [{ trajectories: new Float64Array(6) as never }, '"trajectories" should be a Float32Array of 6 numbers'],
    [{ targets: new Float32Array(0) }, '"targets" should be a Float32Array of 1 numbers; it has 0'],
    [{ length: 0 }, '"length" should be a whole number from 1 to 2147483647'],
    [{ width: 1 }, '"width" should be a whole number from 2 to 2147483647'],
    [{ count: 1.5 }, '"count" should be a whole number from 1 to 2147483647'],
    [{ count: 2_000_000_000, length: 2_000_000_000, width: 2_000_000_000 }, '"count" should be smaller for such a length and width'],
    [{ targetsPerItem: 2 }, '"targetsPerItem" should be a whole number from 1 to 1'],
  ])('%o', async (wrong, message) => {
    const model = await loadModel('last')
    await expect(model.predict({ ...batchOf(steady(1, 2)), ...wrong }, 5000)).rejects.toThrow(new TypeError(message))
  })

  test('a detached buffer, no bytes, an unknown device', async () => {
    const model = await loadModel('last')
    const batch = batchOf(steady(1, 2))
    structuredClone(batch.trajectories, { transfer: [batch.trajectories.buffer as ArrayBuffer] })
    await expect(model.predict(batch, 5000)).rejects.toThrow(TypeError)
    const runtime = await openRuntime()
    const options = { device: 'cpu', manyTargets: false, timeoutMs: 5000 } as const
    await expect(runtime.load('model.pt' as never, options)).rejects.toThrow(new TypeError('"bytes" should be a Uint8Array'))
    await expect(runtime.load(Buffer.from(''), { ...options, device: 'tpu' as never })).rejects.toThrow(
      "\"device\" should be 'auto', 'cpu' or 'cuda'",
    )
  })
})

torchSuite('what a model holds', () => {
  test('is freed by dispose(), twice is fine, and calls under way still end', async () => {
    const model = await loadModel('slow', { attributes: { rounds: 2000n } })
    const underWay = model.predict(batchOf(steady(1, 2)), 20_000)
    model.dispose()
    model.dispose()
    expect(said(await underWay)).toEqual([[1, 2]])
    await expect(model.predict(batchOf(steady(1, 2)), 5000)).rejects.toThrow('"model" should be one that is loaded and not disposed of')
  })

  test('is on the CPU with a warning when CUDA is demanded and absent', async (context) => {
    const runtime = await openRuntime()
    if (runtime.devices.length > 1) context.skip('this machine has CUDA')
    const bytes = compileModel(sources.last)
    const demanded = await runtime.load(bytes, { device: 'cuda', manyTargets: false, timeoutMs: 5000 })
    expect(demanded).toMatchObject({ kind: 'loaded', model: { device: 'cpu' }, warning: expect.stringContaining('CUDA was demanded') })
    const automatic = await runtime.load(bytes, { device: 'auto', manyTargets: false, timeoutMs: 5000 })
    expect(automatic).toMatchObject({ kind: 'loaded', model: { device: 'cpu' }, warning: undefined })
  })
})
