import { counted, countText } from '../amounts.js'
import { ProgressLine } from '../progress-line.js'
import type { Terminal } from '../terminal.js'

const LINES_INTERVAL_MS = 2000

/** Tells on standard error how far a transfer is: one line that is written anew on a terminal, with `--progress` lines elsewhere. */
export class Progress implements Disposable {
  private readonly startedMs = performance.now()
  private toldMs = performance.now()
  private readonly line: ProgressLine

  /**
   * @param isWanted  Also where there is no terminal.
   * @param share  How much is done, 0 to 1; undefined: nobody knows.
   */
  constructor(
    private readonly terminal: Pick<Terminal, 'stderr'>,
    private readonly isWanted: boolean,
    private readonly share: () => number | undefined,
  ) {
    this.line = new ProgressLine(terminal)
  }

  /** @param rows  Of this run. */
  tell(rows: number): void {
    const { stderr } = this.terminal
    const now = performance.now()
    const text = (): string => progressText(rows, (now - this.startedMs) / 1000, this.share())
    if (stderr.isTTY === true) {
      this.line.tell(text)
    } else if (this.isWanted && now - this.toldMs >= LINES_INTERVAL_MS) {
      this.toldMs = now
      stderr.write(`${text()}\n`)
    }
  }

  [Symbol.dispose](): void {
    this.line[Symbol.dispose]()
  }
}

/** @example progressText(240_000, 10, 0.25) // '240,000 rows, 24,000 a second, 25 %, 0:30 left' */
export function progressText(rows: number, seconds: number, share: number | undefined): string {
  const parts = [counted(rows, 'row'), `${countText(Math.round(rows / Math.max(seconds, 1e-3)))} a second`]
  if (share !== undefined && share > 0) parts.push(`${Math.floor(share * 100)} %`, `${clock((seconds * (1 - share)) / share)} left`)
  return parts.join(', ')
}

/** 0:05, 12:34, 1:02:03. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(rest).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${tail}` : tail
}
