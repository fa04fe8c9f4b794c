import type { Random } from './random.js'
import type { Seen } from './reference-select.js'

const DAY = 86_400_000
const TEXTS = ["'a'", "'b'", "'é'", "''", "'ab'"]
const PATTERNS = ["'a%'", "'_'", "'%'", "'b'", "'%b'"]
const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=']

/** Observations with everything in them that may be missing, or of the wrong kind. */
export function randomWorld(random: Random): Seen[] {
  const anything = (): unknown => random.pick([0, 1, 2, -3, 'a', 'b', 'é', true, false, null, [1], { n: 1 }])
  const few = Array.from({ length: 10 }, (_, i) => `f${i}`) // so that looking some up is less work than asking all
  return ['a', 'b', 'é', 'ab', '\u{10000}', '\uffff', ...few].flatMap((entity) => {
    const attributes = random.chance(0.3) ? null : { k: anything(), t: random.pick(['a', 'b', null]) }
    const times = new Set(random.list(1, few.includes(entity) ? 1 : 9, () => random.below(400) * DAY + random.pick([0, 0, 1, DAY / 2])))
    return [...times].map((timestamp) => ({
      entity,
      attributes,
      timestamp,
      vector: [random.below(9) - 4, random.below(9) - 4],
      payload: random.chance(0.2) ? null : { n: anything(), t: random.pick(['a', 'ab', 'é', 7, null]), b: random.pick([true, false, null, 1]) },
    }))
  })
}

/** Makes statements whose kinds fit, as text. */
export class SelectGenerator {
  private isGrouped = false
  private byEntity = false
  private isSampled = false

  constructor(private readonly random: Random) {}

  /** A condition on single observations. */
  condition(): string {
    this.isGrouped = false
    return this.boolean(3)
  }

  statement(): string {
    const { random } = this
    const isAsOf = random.chance(0.15)
    this.isSampled = !isAsOf && random.chance(0.4)
    const where = random.chance(0.6) ? `WHERE ${random.shuffled([...this.times(), ...this.entities(), this.condition()]).join(' AND ')}` : ''
    this.isGrouped = random.chance(0.4)
    this.byEntity = this.isGrouped && random.chance(0.6)
    const columns = this.isGrouped ? [this.aggregate(2), ...random.list(0, 2, () => this.anything())] : random.list(1, 3, () => this.anything())
    if (this.byEntity) columns.push('entity')
    if (this.isSampled) columns.push('timestamp')
    const order = random.chance(0.4) ? `ORDER BY ${random.list(1, 2, () => this.key(columns.length)).join(', ')}` : ''
    const clauses = [
      where,
      isAsOf ? `AS OF ${this.moment()}` : this.range(),
      this.isSampled ? this.sample() : '',
      this.byEntity ? `GROUP BY entity${random.chance(0.4) ? ` HAVING (${this.boolean(2)})` : ''}` : '',
      order,
      random.chance(0.2) ? `LIMIT ${random.below(6)} OFFSET ${random.below(3)}` : '',
    ]
    const written = columns.map((column, i) => `(${column}) AS c${i}`)
    return ['SELECT', written.join(', '), ...random.shuffled(clauses.filter((clause) => !clause.startsWith('WHERE'))), where]
      .filter((part) => part !== '')
      .join(' ')
  }

  /** Conditions on time alone, of which a scan may read less. */
  private times(): string[] {
    const { random } = this
    return random.list(0, 2, () => {
      const [a, b] = [this.moment(), this.moment()]
      const end = random.pick([a, a + 1, a - 0.25])
      const operator = random.pick(COMPARISONS)
      return random.pick([
        `timestamp ${operator} ${end}`,
        `${end} ${operator} timestamp`,
        `timestamp BETWEEN ${Math.min(a, b)} AND ${Math.max(a, b)}`,
        random.chance(0.2) ? 'timestamp > NULL' : 'timestamp >= -1e300',
      ])
    })
  }

  /** Conditions on the entity alone, some of which name it. */
  private entities(): string[] {
    const { random } = this
    const id = () => random.pick(["'a'", "'b'", "'é'", "'f1'", "'f2'", "'\u{10000}'", "'\uffff'", "'nobody'", 'NULL'])
    const named = () => random.pick([`entity = ${id()}`, `${id()} = entity`, `entity IN (${random.list(1, 4, id).join(', ')})`])
    const tested = () => random.pick([`entity <> ${id()}`, `entity NOT IN ('a', ${id()})`, 'attributes.k <= 1', `entity IN ('a', attributes.t)`])
    if (random.chance(0.6)) return []
    return random.list(1, 2, random.chance(0.6) ? named : tested)
  }

  private key(columns: number): string {
    const { random } = this
    const varying = () => (this.isGrouped ? this.aggregate(1) : this.member()) // what is the same for every row is no key
    const key = random.pick([() => `c${random.below(columns)}`, varying, () => `${varying()} - ${this.number(1)}`])()
    return `(${key})${random.chance(0.5) ? ' DESC' : ''}`
  }

  private moment(): number {
    return this.random.below(420) * DAY
  }

  private range(): string {
    const [a, b] = [this.moment(), this.moment()].sort((x, y) => x - y)
    return this.random.pick([
      '',
      '',
      `BETWEEN ${a} AND ${b}`,
      `SINCE ${a}`,
      `UNTIL ${b}`,
      `LAST ${1 + this.random.below(4)}`,
      `SINCE ${a} UNTIL ${b} LAST 2`,
    ])
  }

  private sample(): string {
    const step = this.random.pick(['5d', '30d', '1w', '3w', "INTERVAL '1 month'", "INTERVAL '2 months'"])
    const fill = this.random.pick(['', ' FILL (NONE)', ' FILL (NULL)', ' FILL (PREVIOUS)', ' FILL (LINEAR)'])
    return `SAMPLE BY ${step}${fill}`
  }

  private anything(): string {
    return this.random.pick([() => this.number(3), () => this.number(2), () => this.boolean(2), () => this.text()])()
  }

  private number(depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(0.6)) {
      const [a, b] = [this.number(depth - 1), this.number(depth - 1)]
      return random.pick([`(${a} + ${b})`, `(${a} - ${b})`, `(${a} * ${b})`, `(${a} / ${b})`, `-(${a})`])
    }
    const constant = String(random.below(5) - 2)
    return random.chance(0.3) ? constant : this.isGrouped ? this.aggregate(depth) : this.member()
  }

  private member(): string {
    return this.random.pick(['payload.n', 'attributes.k', 'norm(vector)', 'distance(vector, [1, 2])', 'dot(vector, [1, -1])'])
  }

  private aggregate(depth: number): string {
    const wasSampled = [this.isGrouped, this.isSampled] as const
    this.isGrouped = false
    this.isSampled = false
    const inside = this.number(Math.min(1, depth))
    const call = this.random.pick([
      'count(*)',
      `count(${inside})`,
      `sum(${inside})`,
      `avg(${inside})`,
      `min(${inside})`,
      `max(${inside})`,
      'max(timestamp)',
    ])
    ;[this.isGrouped, this.isSampled] = wasSampled
    return call === 'max(timestamp)' ? '((max(timestamp) - min(timestamp)) / 1000)' : call
  }

  private text(): string {
    if (this.isGrouped) return this.byEntity ? 'entity' : 'max(entity)'
    return this.random.pick(['entity', 'payload.t', 'attributes.t', ...TEXTS])
  }

  private boolean(depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(0.5)) {
      const [a, b] = [this.boolean(depth - 1), this.boolean(depth - 1)]
      return random.pick([`(${a} AND ${b})`, `(${a} OR ${b})`, `NOT (${a})`, `(${a}) IS NULL`, `(${a}) = (${b})`])
    }
    const not = random.chance(0.4) ? 'NOT ' : ''
    const [x, y, z] = [this.number(1), this.number(1), this.number(0)]
    const tests = [
      `${x} ${random.pick(COMPARISONS)} ${y}`,
      `${this.text()} ${random.pick(COMPARISONS)} ${this.text()}`,
      `${x} ${not}IN (${y}, ${z}, 1)`,
      `${this.text()} ${not}IN ('a', ${this.text()})`,
      `${this.text()} ${not}LIKE ${random.pick(PATTERNS)}`,
      `(${x} ${not}BETWEEN ${y} AND ${z})`,
      `${x} IS ${not}NULL`,
    ]
    if (!this.isGrouped) tests.push('(payload.b AND TRUE)', `timestamp ${random.pick(COMPARISONS)} ${this.moment()}`, 'payload.n = payload.n')
    return random.pick(tests)
  }
}
