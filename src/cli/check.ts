import { type Database, DatabaseError } from '../index.js'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  /** 'absent': not there, and the configuration does not ask for it. 'note': asked for, and nothing here can tell whether it will be there. */
  readonly status: 'ok' | 'absent' | 'note' | 'failed'
  readonly detail: string
  /** The command, or the change, that mends it. */
  readonly remedy?: string
}

/** A check that failed for what the user can mend; bugs are thrown. */
export async function attempt<T>(name: string, work: () => Promise<T>): Promise<{ value: T } | { check: Check; code: string }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return { check: { name, status: 'failed', detail: error.message }, code: error.code }
  }
}

/** What SHOW SETTINGS says, by key path. */
export async function settingsOf(db: Database): Promise<ReadonlyMap<string, unknown>> {
  const { rows } = await db.query<{ setting: string; value: unknown }>('SHOW SETTINGS')
  return new Map(rows.map(({ setting, value }) => [setting, value]))
}
