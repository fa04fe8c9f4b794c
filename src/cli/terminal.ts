import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'

/** Where a command reads and writes; `process` is one. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
}

export type Output = Writable & {
  /** Width in characters; undefined: not a terminal. */
  readonly columns?: number
  readonly isTTY?: boolean
}

export const EXIT = {
  ok: 0,
  /** The command was understood and something was wrong: the query, the data, the configuration, the machine. */
  failed: 1,
  /** The command was not understood. */
  usage: 2,
  /** All is done but what was put aside, as was asked for. */
  rejected: 3,
  /** Somebody pressed Ctrl-C: what a shell says of it. */
  interrupted: 130,
} as const

/** A command that cannot be understood: exit code 2. */
export class UsageError extends Error {}

/** Text with a style where the output is a terminal that wants one (`NO_COLOR`, `FORCE_COLOR`), else the text. */
export function styled(style: Parameters<typeof styleText>[0], text: string, stream: Output): string {
  return styleText(style, text, { stream })
}

/** Writes, and waits while the reader is slower than we are. */
export async function write(stream: Output, text: string): Promise<void> {
  if (stream.write(text)) return
  await new Promise<void>((resolve) => stream.once('drain', resolve))
}
