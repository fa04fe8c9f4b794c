import { PassThrough, Readable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { runProgram } from '../../src/cli/program.js'
import type { Output } from '../../src/cli/terminal.js'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command in this process. @param columns  The width of a terminal; undefined: the output is no terminal. */
export async function runCli(words: readonly string[], { stdin = '', columns }: { stdin?: string; columns?: number } = {}): Promise<Ran> {
  const [stdout, stderr] = [outputOf(columns), outputOf(columns)]
  const code = await runProgram(words, { stdin: Readable.from([Buffer.from(stdin)]), stdout: stdout.stream, stderr: stderr.stream })
  return { code, out: stdout.text(), err: stderr.text() }
}

function outputOf(columns: number | undefined): { stream: Output; text: () => string } {
  const chunks: Buffer[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const terminal = columns === undefined ? {} : { columns, isTTY: true, getColorDepth: WriteStream.prototype.getColorDepth }
  return { stream: Object.assign(stream, terminal), text: () => Buffer.concat(chunks).toString('utf8') }
}
