import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary folder of one suite, gone with `using`. Databases in it get a new name each time. */
export class BenchFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'chronode-bench-'))

  file(name: string): string {
    return join(this.path, name)
  }

  /** Removes a database and what SQLite keeps beside it. */
  remove(name: string): void {
    for (const file of readdirSync(this.path)) if (file.startsWith(name)) rmSync(this.file(file), { recursive: true })
  }

  bytes(name: string): number {
    return statSync(this.file(name)).size
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}
