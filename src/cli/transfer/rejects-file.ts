import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { InputRecord } from './records.js'
import { fileProblem } from './transfer-error.js'

/** Whether a text begins as such a file does. */
export function isRejects(beginning: string): boolean {
  return /^\{"line":\d+,"reason":"/.test(beginning)
}

/** Collects the records that cannot be stored, as JSON lines: the line, the reason, and the record for who mends it. */
export class RejectsFile implements Disposable {
  private readonly descriptor: number
  private position: number
  private waiting: string[] = []

  /** @param keep  How many bytes of it belong to this import already; whoever mends them may have taken some away. @throws {TransferError} */
  constructor(path: string, keep: number) {
    try {
      this.descriptor = openSync(path, keep > 0 && existsSync(path) ? 'r+' : 'w')
      this.position = Math.min(keep, fstatSync(this.descriptor).size)
      ftruncateSync(this.descriptor, this.position)
    } catch (error) {
      throw fileProblem(error, path, 'written')
    }
  }

  add({ line, source }: InputRecord, reason: string): void {
    this.waiting.push(`${JSON.stringify({ line, reason, record: source })}\n`)
  }

  /** @returns how long it is now. */
  flush(): number {
    const bytes = Buffer.from(this.waiting.join(''))
    this.waiting = []
    for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done, bytes.length - done, this.position + done)
    this.position += bytes.length
    return this.position
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor)
  }
}
