import fc from 'fast-check'
import { vi } from 'vitest'
import { seedOfRun } from '../support/random.ts'
import { type Hand, type Operation, operation } from './random-operations-arbitrary.ts'
import { type Kind, World, type WorldOptions } from './random-operations-world.ts'
import { SMALL_PACKING } from './support.ts'

/** As many as CI has time for; more by hand: `SEQUENCES=100000 npx vitest run tests/storage/random-operations`. */
export const SEQUENCES = Number(process.env['SEQUENCES'] ?? 10_000)
const STEPS_MAX = 30
/** Of the sequences. verify() starts a thread each time. */
const VERIFIED_SHARE = 0.03

/** Many strips, so many that the oldest are settled; or none, so that rows are packed by `compact` alone. */
export const SMALL_PACKINGS = [SMALL_PACKING, { ...SMALL_PACKING, stripsBytesMax: 10_000 }, { ...SMALL_PACKING, stripVectorBytesMax: 0 }]

const clock = { now: 1e12 }

/** What `recorded_at` is then is known. */
export function withClock(): { now: number } {
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now)
  return clock
}

export interface Sequences extends Omit<WorldOptions, 'kind' | 'hands'> {
  readonly count: number
  /** One of these each, and one of those. */
  readonly kinds: readonly Kind[]
  readonly hands: readonly (readonly Hand[])[]
}

/** A sequence that fails is made as small as it can be, and printed as data. */
export async function expectAll({ count, kinds, hands, ...options }: Sequences): Promise<void> {
  const sequence = fc.record({
    kind: fc.constantFrom(...kinds),
    hands: fc.constantFrom(...hands),
    isVerified: fc.integer({ min: 1, max: 1000 }).map((n) => n > 1000 * (1 - VERIFIED_SHARE)),
    operations: fc.array(operation, { maxLength: STEPS_MAX, size: 'max' }),
  })
  const property = fc.asyncProperty(sequence, async ({ kind, hands: chosen, isVerified, operations }) => {
    await expectRight({ ...options, kind, hands: kind === 'memory' ? [0] : chosen }, operations, isVerified)
  })
  await fc.assert(property, { numRuns: count, seed: seedOfRun() })
}

export async function expectRight(options: WorldOptions, operations: readonly Operation[], isVerified = true): Promise<void> {
  const world = await World.create(options)
  await world.run(operations, isVerified)
}
