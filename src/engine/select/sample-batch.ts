import type { Trajectory } from '../../trajectory.js'
import type { SampledRow } from '../bind/sample-scope.js'

const BATCH_ROWS = 1024
const BATCH_BYTES = 1024 * 1024

/** Rows of a grid in their order, and what is still to be predicted of them. */
export interface Sampled {
  readonly rows: SampledRow[]
  readonly asks: readonly Ask[]
}

/** Rows of one entity behind its last observation. */
export interface Ask {
  readonly entity: string
  readonly context: Trajectory
  /** Positions in the rows. */
  readonly positions: number[]
}

/** Collects rows until there are enough of them to be handed on. */
export class SampleBatch {
  private rows: SampledRow[] = []
  private asks: Ask[] = []
  private count = 0
  private readonly rowsMax: number

  constructor(
    dimension: number,
    private readonly rowsWanted: number,
  ) {
    this.rowsMax = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / (4 * dimension)), rowsWanted))
  }

  /** @param context  What a predictor is given; undefined: none is asked. */
  add(row: SampledRow, context: Trajectory | undefined): void {
    if (row.kind === 'extrapolated' && context !== undefined) this.ask(row.entity.id, context, this.rows.length)
    this.rows.push(row)
    this.count += 1
  }

  private ask(entity: string, context: Trajectory, position: number): void {
    const last = this.asks.at(-1)
    if (last?.entity === entity) last.positions.push(position)
    else this.asks.push({ entity, context, positions: [position] })
  }

  /** Whether it is to be handed on now. */
  get isFull(): boolean {
    return this.rows.length >= this.rowsMax || this.isEnough
  }

  get isEmpty(): boolean {
    return this.rows.length === 0
  }

  /** As many as the statement will take. */
  get isEnough(): boolean {
    return this.count >= this.rowsWanted
  }

  take(): Sampled {
    const { rows, asks } = this
    this.rows = []
    this.asks = []
    return { rows, asks }
  }
}
