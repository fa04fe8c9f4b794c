import type { Logger, Warning } from '../index.js'
import { visible } from './cell.js'
import { styled, type Terminal } from './terminal.js'

const FALLBACK = 'PREDICTION_FALLBACK'

/**
 * Prints warnings to standard error, each once.
 *
 * That a model cannot serve is said by the database as soon as it is open, with advice. It is kept back until a prediction has fallen back:
 * who selects what is stored need not hear of it.
 */
export class Warnings implements Logger {
  private readonly kept: string[] = []
  private readonly told = new Set<string>()

  constructor(private readonly terminal: Pick<Terminal, 'stderr'>) {}

  /** From the database. */
  warn({ code, message }: Warning): void {
    if (code === FALLBACK) this.kept.push(message)
    else this.print(message)
  }

  /** From a statement: the same in fewer words, where the database has said it already. */
  tell({ message }: Warning): void {
    this.print(this.kept.find((full) => full.includes(message)) ?? message)
  }

  tellFallbacks(): void {
    for (const message of this.kept.splice(0)) this.print(message)
  }

  private print(message: string): void {
    if (this.told.has(message)) return
    this.told.add(message)
    const { stderr } = this.terminal
    stderr.write(`${styled('yellow', 'warning:', stderr)} ${visible(message)}\n`)
  }
}
