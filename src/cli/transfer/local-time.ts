import { UsageError } from '../terminal.js'
import { BadRecord } from './transfer-error.js'

const DAY_MS = 86_400_000

/**
 * The clocks of one time zone, for local times without an offset.
 *
 * A local time is given as the moment at which clocks of UTC show it.
 */
export class LocalTime {
  private readonly format: Intl.DateTimeFormat
  /** Of a day of UTC: what clocks are ahead of it, the day before and the day after. They rarely differ. */
  private readonly offsetsOfDay = new Map<number, readonly [before: number, after: number]>()

  /** @param zone  An IANA name, such as Europe/Berlin. @throws {UsageError} */
  constructor(private readonly zone: string) {
    try {
      this.format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        calendar: 'iso8601',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new UsageError(`--time-zone should be a name such as Europe/Berlin or America/New_York; "${zone}" is none that this Node knows.`)
    }
  }

  /** @throws {BadRecord} clocks were put forward past it, or back over it. */
  momentOf(wall: number, text: string): number {
    const moments = this.momentsOf(wall)
    if (moments.length === 1) return moments[0]!
    const advice = 'Give it with its offset.'
    if (moments.length === 0) throw new BadRecord(`There was no ${text} in ${this.zone}: clocks were put forward past it. ${advice}`)
    const offsets = moments.map((moment) => offsetText(wall - moment)).join(' or ')
    throw new BadRecord(`${text} was twice in ${this.zone}, when clocks were put back: at offset ${offsets}. ${advice}`)
  }

  /** The first moment of a local day, be there a midnight or not. */
  startOfDay(midnight: number): number {
    const [first] = this.momentsOf(midnight)
    return first ?? midnight - this.offsetsAround(midnight)[0]
  }

  /** In time order. */
  private momentsOf(wall: number): number[] {
    const [before, after] = this.offsetsAround(wall)
    if (before === after) return [wall - before]
    return [wall - before, wall - after].filter((moment, i) => this.offsetAt(moment) === (i === 0 ? before : after))
  }

  private offsetsAround(wall: number): readonly [before: number, after: number] {
    const day = Math.floor(wall / DAY_MS)
    let offsets = this.offsetsOfDay.get(day)
    if (offsets === undefined) {
      offsets = [this.offsetAt((day - 1) * DAY_MS), this.offsetAt((day + 2) * DAY_MS)]
      this.offsetsOfDay.set(day, offsets)
    }
    return offsets
  }

  /** What clocks are ahead of UTC at a moment, in milliseconds. */
  private offsetAt(moment: number): number {
    const whole = Math.floor(moment / 1000) * 1000
    const parts = Object.fromEntries(this.format.formatToParts(whole).map(({ type, value }) => [type, value]))
    const number = (name: string): number => Number(parts[name])
    const year = parts['era']?.startsWith('B') ? 1 - number('year') : number('year')
    const shown = new Date(0)
    shown.setUTCFullYear(year, number('month') - 1, number('day'))
    shown.setUTCHours(number('hour'), number('minute'), number('second'))
    return shown.getTime() - whole
  }
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000))
  return `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
