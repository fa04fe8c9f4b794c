import { ENCODING } from '../catalog.js'
import type { CollectionFields, EntityFields } from '../observations/checksum.js'
import type { VerifyProblem } from '../store.js'
import type { RowCopy } from './copy-rows.js'
import type { Owner, Owners } from './owners.js'
import type { SalvageReport } from './report.js'
import type { SalvageTarget } from './salvage-target.js'

/** What was found and copied. */
export interface Salvaged {
  readonly owners: Owners
  readonly target: SalvageTarget
  readonly copy: RowCopy
  /** What makes it uncertain, in words. */
  readonly doubt: string | undefined
}

const LOST_MAX = 1000
/** Nothing is packed, and no strip holds anything. */
const UNPACKED = { packedCount: 0, shadowedCount: 0, settledStrip: 0 }
const METRICS = ['cosine', 'l2', 'dot']

/** Writes the rows of entities and collections over what was copied, with counts of what is there, and says what is not. */
export function conclude({ owners, target, copy, doubt }: Salvaged): SalvageReport {
  const conclusion = new Conclusion(owners, target, copy)
  conclusion.entities()
  conclusion.collections()
  target.finish()
  return conclusion.result(doubt)
}

class Conclusion {
  readonly #lost: VerifyProblem[] = []
  readonly #sums = new Map<number, { entities: number; observations: number }>()
  readonly #names = new Map<number, string>()

  constructor(
    private readonly owners: Owners,
    private readonly target: SalvageTarget,
    private readonly copy: RowCopy,
  ) {}

  report(collection: string | undefined, entity: string | undefined, what: string): void {
    if (this.#lost.length < LOST_MAX) this.#lost.push({ collection, entity, what })
  }

  /** @param doubt  Told where something is missing: where nothing is, it has made no difference. */
  result(doubt: string | undefined): SalvageReport {
    if (doubt !== undefined && this.#lost.length > 0) this.report(undefined, undefined, doubt)
    const sums = [...this.#sums.values()]
    const total = (of: 'entities' | 'observations') => sums.reduce((sum, one) => sum + one[of], 0)
    return { collections: sums.length, entities: total('entities'), observations: total('observations'), lost: this.#lost }
  }

  entities(): void {
    const taken = new Set<string>()
    const intactFirst = [...this.owners.known].sort(([a], [b]) => Number(this.owners.entities.has(b)) - Number(this.owners.entities.has(a)))
    for (const [key, owner] of intactFirst) {
      const name = `${owner.collection} ${owner.id}`
      if (taken.has(name))
        this.target.removeRows(key) // of two under one name the other one is whole
      else this.#entity(key, owner)
      taken.add(name)
    }
  }

  #entity(key: number, { collection, id }: Owner): void {
    const stored = this.owners.entities.get(key)
    const { count, first, last } = this.target.extentOf(key)
    const found = { observationCount: count, firstTimestamp: first, lastTimestamp: last, ...UNPACKED }
    const fields: EntityFields = { key, collection, id, attributes: stored?.attributes ?? null, generation: stored?.generation ?? 1, ...found }
    this.target.putEntity(fields)
    const sums = this.#sumsOf(collection)
    sums.entities++
    sums.observations += count
    if (stored === undefined)
      this.report(this.#nameOf(collection), id, 'its row is damaged: its attributes are lost, and observations may be missing')
    else this.#compareEntity(stored, count)
  }

  /** Its row counts what segments and rows hold, and knows nothing of strips. */
  #compareEntity({ key, collection, id, observationCount }: EntityFields, count: number): void {
    const lost = observationCount - (count - (this.copy.recent.get(key) ?? 0))
    if (lost > 0) this.report(this.#nameOf(collection), id, `${lost} of its ${observationCount} older observations could not be read`)
  }

  collections(): void {
    for (const key of this.owners.collections.keys()) this.#sumsOf(key) // those without entities, too
    for (const [key, { entities, observations }] of this.#sums) {
      const stored = this.owners.collections.get(key)
      const fields = {
        ...this.#settings(key),
        observationCount: observations,
        entityCount: entities,
        generation: stored?.generation ?? 1,
        stripCount: 0,
      }
      this.target.putCollection(fields)
      const { name } = fields
      if (stored === undefined)
        this.report(
          name,
          undefined,
          `its row is damaged: it is taken for one with metric ${fields.metric}, ${fields.normalized ? '' : 'not '}normalized`,
        )
      else this.#compare(name, stored, { entities, observations })
    }
    for (const [key, { name }] of this.owners.collectionHints)
      if (!this.#sums.has(key)) this.report(name, undefined, 'its row is damaged, and nothing that was in it can be read')
  }

  #compare(name: string, stored: CollectionFields, { entities, observations }: { entities: number; observations: number }): void {
    if (stored.entityCount > entities)
      this.report(name, undefined, `${stored.entityCount - entities} of its ${stored.entityCount} entities could not be read`)
    const strips = stored.stripCount - (this.copy.strips.get(stored.key) ?? 0)
    if (strips > 0) this.report(name, undefined, `${strips} of its ${stored.stripCount} strips of newest observations could not be read`)
    if (stored.observationCount > observations)
      this.report(name, undefined, `${stored.observationCount - observations} of its ${stored.observationCount} observations could not be read`)
  }

  /** As the row says; where it is damaged, as far as it can still be made out. */
  #settings(key: number): Pick<CollectionFields, 'key' | 'name' | 'dimension' | 'metric' | 'normalized' | 'encoding'> {
    const stored = this.owners.collections.get(key)
    if (stored !== undefined) return stored
    const { metric = 'cosine', normalized = false } = this.owners.collectionHints.get(key) ?? {}
    const dimension = this.owners.dimensionOf(key) ?? 1 // nothing was found in it that says otherwise
    return { key, name: this.#nameOf(key), dimension, metric: METRICS.includes(metric) ? metric : 'cosine', normalized, encoding: ENCODING }
  }

  #nameOf(key: number): string {
    const known = this.#names.get(key) ?? this.owners.collections.get(key)?.name
    if (known !== undefined) return known
    const hint = this.owners.collectionHints.get(key)?.name
    const taken = [...this.#names.values(), ...[...this.owners.collections.values()].map((collection) => collection.name)]
    const name = hint === undefined || hint === '' || taken.includes(hint) ? `salvaged ${key}` : hint
    this.#names.set(key, name)
    return name
  }

  #sumsOf(collection: number): { entities: number; observations: number } {
    const sums = this.#sums.get(collection) ?? { entities: 0, observations: 0 }
    this.#sums.set(collection, sums)
    return sums
  }
}
