import fc from 'fast-check'
import { test, vi } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { PACKING } from '../../src/storage/packing.js'
import { seedOfRun } from '../support/random.js'
import { type Hand, type Operation, operation } from './random-operations-arbitrary.ts'
import { type Kind, World, type WorldOptions } from './random-operations-world.ts'
import { RemoteProcess } from './remote-store.ts'
import { SMALL_PACKING } from './support.js'

/** As many as CI has time for; more by hand: `SEQUENCES=100000 npx vitest run tests/storage/random-operations.test.ts`. */
const SEQUENCES = Number(process.env['SEQUENCES'] ?? 10_000)
const STEPS_MAX = 30
/** Of the sequences. verify() starts a thread each time. */
const VERIFIED_SHARE = 0.03

const HANDS: readonly (readonly Hand[])[] = [[0], [0], [0], [0], [2], [2], [0, 1], [0, 2], [0, 1, 2, 3]]

const clock = { now: 1e12 }
vi.spyOn(Date, 'now').mockImplementation(() => clock.now)

interface Sequence {
  readonly kind: Kind
  readonly hands: readonly Hand[]
  readonly isVerified: boolean
  readonly operations: readonly Operation[]
}

function sequence(kinds: readonly Kind[], hands: readonly (readonly Hand[])[]): fc.Arbitrary<Sequence> {
  return fc.record({
    kind: fc.constantFrom(...kinds),
    hands: fc.constantFrom(...hands),
    isVerified: fc.integer({ min: 1, max: 1000 }).map((n) => n > 1000 * (1 - VERIFIED_SHARE)),
    operations: fc.array(operation, { maxLength: STEPS_MAX, size: 'max' }),
  })
}

/** A sequence that fails is made as small as it can be, and printed as data. */
async function expectAll(
  count: number,
  kinds: readonly Kind[],
  options: Omit<WorldOptions, 'kind' | 'hands' | 'clock'>,
  handsMet = HANDS,
): Promise<void> {
  const property = fc.asyncProperty(sequence(kinds, handsMet), async ({ kind, hands, isVerified, operations }) => {
    const world = await World.create({ ...options, kind, hands: kind === 'memory' ? [0] : hands, clock })
    await world.run(operations, isVerified)
  })
  await fc.assert(property, { numRuns: count, seed: seedOfRun() })
}

test(`${SEQUENCES} random sequences of operations leave what a plain model holds`, { timeout: 3_600_000 }, async () => {
  const packings = [SMALL_PACKING, { ...SMALL_PACKING, stripsBytesMax: 10_000 }]
  await expectAll(SEQUENCES, ['wal', 'wal', 'wal', 'memory', 'memory', 'delete', 'old'], { dimension: 2, stretch: 1, packings })
})

const feed = (by: Hand, gap: number, now = false): Operation => ({
  op: 'insert',
  by,
  into: 'words',
  batch: { kind: 'feed', entities: ['a', 'b', 'B', 'ä'], gap },
  payloads: false,
  now,
})

/** Found by thought or by chance: what a longer search would have to find again. */
const ONCE_WRONG: readonly [what: string, kind: Kind, hands: readonly Hand[], operations: readonly Operation[]][] = [
  [
    'a strip that the app rolled back has the key of one that another process wrote since',
    'wal',
    [0, 1, 2, 3],
    [
      feed(0, 1),
      { op: 'begin' },
      feed(2, 1, true),
      { op: 'everything', by: 2 },
      { op: 'rollback' },
      feed(0, 2),
      { op: 'begin' },
      { op: 'everything', by: 2 },
    ],
  ],
  [
    'what the app settled and rolled back is where it was',
    'wal',
    [0, 1, 2, 3],
    [
      feed(2, 1),
      { op: 'begin' },
      { op: 'insert', by: 2, into: 'words', batch: { kind: 'mixed', moments: [['a', 1]] }, payloads: false, now: true },
      { op: 'everything', by: 2 },
      { op: 'rollback' },
      { op: 'begin' },
      { op: 'everything', by: 2 },
    ],
  ],
]

test('so do sequences with a second process that writes in turn', { timeout: 3_600_000 }, async () => {
  if (!distIsCurrent()) buildDist()
  const remote = new RemoteProcess(clock)
  try {
    await expectAll(SEQUENCES / 100, ['wal', 'wal', 'delete', 'old'], { dimension: 2, stretch: 1, packings: [SMALL_PACKING], remote }, [
      [0, 1],
      [1, 2],
    ])
  } finally {
    await remote.end()
  }
})

test.each(ONCE_WRONG)('%s', async (_, kind, hands, operations) => {
  const world = await World.create({ kind, hands, dimension: 2, stretch: 1, packings: [SMALL_PACKING], clock })
  await world.run(operations, true)
})

test('so do sequences with blocks of the real size', { timeout: 3_600_000 }, async () => {
  const packings = [PACKING, { ...PACKING, stripsBytesMax: 100_000 }]
  await expectAll(SEQUENCES / 50, ['wal', 'memory'], { dimension: 256, stretch: 12, packings })
})
