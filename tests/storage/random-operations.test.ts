import { test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { PACKING } from '../../src/storage/observations/packing.js'
import { expectAll, SEQUENCES, SMALL_PACKINGS, withClock } from './random-operations-property.ts'
import { RemoteProcess } from './remote-store.ts'

const COUNT = SEQUENCES / 2
const clock = withClock()
const small = { dimension: 2, stretch: 1, packings: SMALL_PACKINGS, clock }

test(`${COUNT} random sequences of operations leave what a plain model holds`, { timeout: 3_600_000 }, () =>
  expectAll({ ...small, count: COUNT, kinds: ['wal', 'wal', 'wal', 'memory', 'delete', 'old'], hands: [[0], [0], [0], [0], [0, 1]] }),
)

test('so do sequences with blocks of the real size', { timeout: 3_600_000 }, () => {
  const packings = [PACKING, { ...PACKING, stripsBytesMax: 100_000 }]
  return expectAll({ ...small, count: COUNT / 25, kinds: ['wal', 'memory'], hands: [[0], [0, 1]], dimension: 256, stretch: 12, packings })
})

test('so do sequences with a second process that writes in turn', { timeout: 3_600_000 }, async () => {
  if (!distIsCurrent()) buildDist()
  const remote = new RemoteProcess(clock)
  try {
    const hands = [[0, 1] as const, [1, 2] as const]
    await expectAll({ ...small, count: COUNT / 50, kinds: ['wal', 'wal', 'delete', 'old'], hands, remote })
  } finally {
    await remote.end()
  }
})
